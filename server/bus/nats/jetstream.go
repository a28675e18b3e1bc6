package nats

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	natsgo "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hawser/websocket/server"
	"hawser/websocket/server/bus/internal/batch"
)

// JetStream is a [server.Bus] over the streams of NATS. All topics are in one stream,
// which has the history, and each subscription is a consumer of it. A topic is a subject
// behind the prefix, with all but letters, digits, - and _ as %XX.
//
// If there is no stream of that name, it's made, in files, with what Limits says. In one
// that is there, old messages must go first, in order: neither limits for a subject nor
// deleted messages show as gaps.
//
// What Publish accepted survives the engine's death. When the machine dies, a server
// that is alone loses what it has not written to the disk for good, up to two minutes
// unless its configuration says "sync_interval: always". Subscriptions that stood are
// told of a gap then; a client that comes back with the position of a lost message is,
// unless there are as many new ones already. Its methods may be called from any goroutine.
type JetStream struct {
	*connection
	js     jetstream.JetStream
	name   string
	limits Limits
	again  signal // when there's a connection again
	ctx    context.Context
	stop   context.CancelFunc
	pub    *batch.Publisher
}

// Limits are those of a stream that is made.
type Limits struct {
	Stream   string        // its name; "" is "TOPICS"
	MaxAge   time.Duration // how long a message is kept; 0 is 24 hours
	MaxBytes int64         // how much is kept; 0 is 256 MiB
	Replicas int           // servers of a cluster that keep it; 0 is 1
}

// NewJetStream returns a JetStream. It connects again as often as the connection is
// lost, and need not be able to now. The error is that c makes no sense.
func NewJetStream(c Config, l Limits) (*JetStream, error) {
	b := &JetStream{limits: l, name: l.Stream}
	if b.name == "" {
		b.name = "TOPICS"
	}
	if b.limits.MaxAge <= 0 {
		b.limits.MaxAge = 24 * time.Hour
	}
	if b.limits.MaxBytes <= 0 {
		b.limits.MaxBytes = 256 << 20
	}
	if b.limits.Replicas <= 0 {
		b.limits.Replicas = 1
	}
	k, err := connect(c, b)
	if err != nil {
		return nil, err
	}
	b.connection = k
	if b.js, err = jetstream.New(k.nc, jetstream.WithDefaultTimeout(timeout), jetstream.WithPublishAsyncTimeout(timeout)); err != nil {
		k.nc.Close()
		return nil, err
	}
	b.ctx, b.stop = context.WithCancel(context.Background())
	b.pub = batch.New(b.send)
	return b, nil
}

// Close ends all subscriptions and gives up the connection.
func (b *JetStream) Close() error {
	b.pub.Close()
	b.stop()
	b.nc.Close()
	return nil
}

func (b *JetStream) dialing()               {}
func (b *JetStream) connected(*natsgo.Conn) { b.again.broadcast() }
func (b *JetStream) slow()                  {}

// stream returns the stream, whose CachedInfo is of now. It makes it if it isn't there.
func (b *JetStream) stream(ctx context.Context) (jetstream.Stream, error) {
	if err := b.away(); err != nil {
		return nil, err
	}
	s, err := b.js.Stream(ctx, b.name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		s, err = b.js.CreateStream(ctx, jetstream.StreamConfig{
			Name: b.name, Subjects: []string{b.prefix + ">"}, Storage: jetstream.FileStorage, Retention: jetstream.LimitsPolicy,
			Discard: jetstream.DiscardOld, MaxAge: b.limits.MaxAge, MaxBytes: b.limits.MaxBytes, Replicas: b.limits.Replicas,
		})
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // somebody else was quicker
			s, err = b.js.Stream(ctx, b.name)
		}
	}
	if err != nil {
		return nil, classify(err, false)
	}
	return s, nil
}

// end returns where a stream ends.
func end(i *jetstream.StreamInfo) server.Position {
	return server.Position{Epoch: strconv.FormatInt(i.Created.UnixNano(), 36), Offset: i.State.LastSeq}
}

// Publish is that of [server.Bus].
func (b *JetStream) Publish(ctx context.Context, topic string, data []byte) error {
	return b.pub.Publish(ctx, topic, data)
}

func (b *JetStream) send(ms []*batch.Message) {
	fail := func(err error) {
		for _, m := range ms {
			m.Err = err
		}
	}
	if err := b.away(); err != nil {
		fail(err)
		return
	}
	ctx, cancel := context.WithTimeout(b.ctx, timeout)
	defer cancel()
	absent := b.try(ctx, ms)
	if len(absent) == 0 {
		return
	}
	// Nobody takes the messages: there may be no stream yet, or the engine is not
	// through with reading its files.
	ms = absent
	for failures := 0; len(ms) > 0; failures++ {
		if _, err := b.stream(ctx); err != nil && (!errors.Is(err, server.ErrBusUnavailable) || ctx.Err() != nil || failures > 20) {
			fail(err)
			return
		}
		if ms = b.try(ctx, ms); len(ms) > 0 {
			if failures > 20 {
				return
			}
			pause(ctx, 0)
		}
	}
}

// try sends the messages together and waits for the answers. It returns those that
// nobody took.
func (b *JetStream) try(ctx context.Context, ms []*batch.Message) (absent []*batch.Message) {
	answers := make([]jetstream.PubAckFuture, len(ms))
	for i, m := range ms {
		var err error
		// It doesn't try again by itself, as that could be behind later messages.
		answers[i], err = b.js.PublishAsync(b.subject(m.Topic), m.Data, jetstream.WithRetryAttempts(0))
		m.Err = classify(err, false)
	}
	for i, m := range ms {
		if m.Err != nil {
			continue
		}
		select {
		case <-answers[i].Ok():
		case err := <-answers[i].Err():
			if m.Err = classify(err, true); errors.Is(m.Err, server.ErrBusUnavailable) {
				absent = append(absent, m)
			}
		case <-ctx.Done():
			m.Err = fmt.Errorf("%w: %w", server.ErrBusUnconfirmed, ctx.Err())
		}
	}
	return absent
}

// Subscribe is that of [server.Bus].
func (b *JetStream) Subscribe(ctx context.Context, topic string, after server.Position, f func(server.Event)) (server.Position, error) {
	bounded, cancel := context.WithTimeout(ctx, timeout)
	s, err := b.stream(bounded)
	cancel()
	if err != nil {
		if ctx.Err() != nil {
			return server.Position{}, fmt.Errorf("websocket: subscribe: %w", ctx.Err())
		}
		return server.Position{}, err
	}
	info := s.CachedInfo()
	at, stamp := end(info), info.State.LastTime
	if !after.IsZero() {
		at, stamp = after, time.Time{}
	}
	r := &reader{b: b, subject: b.subject(topic), f: f, at: at, stamp: stamp}
	go func() {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		defer context.AfterFunc(b.ctx, stop)()
		r.run(ctx)
	}()
	return at, nil
}
