package nats

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	natsgo "github.com/nats-io/nats.go"

	"hawser/websocket/server"
	"hawser/websocket/server/bus/internal/batch"
	"hawser/websocket/server/bus/internal/mailbox"
)

// Core is a [server.Bus] over the publish and subscribe of NATS, which keeps no
// history: what is sent while a process has lost the engine is lost to it, and its
// members are told of a gap. Messages that several processes publish at the same time
// may come in different orders to different processes. A topic is a subject behind the
// prefix, with all but letters, digits, - and _ as %XX. Its methods may be called from
// any goroutine.
type Core struct {
	*connection
	pub *batch.Publisher

	// All messages come through one channel, in the order of the connection, together
	// with marks for what happened to that.
	incoming chan *natsgo.Msg
	unmarked atomic.Bool   // there was no room for a mark
	dials    atomic.Uint64 // attempts to connect
	ctx      context.Context
	stop     context.CancelFunc
	wg       sync.WaitGroup

	mu   sync.Mutex
	subs map[*natsgo.Subscription]*subscription // guarded by mu
}

// The kinds of marks among the incoming messages, which are the subject of one that
// has no subscription.
const (
	markDialing   = "dialing" // its Data is the number of the attempt
	markConnected = "connected"
	markSlow      = "slow"
)

// room is how many messages the client may put into the channel before it drops some.
const room = 8192

// A subscription is one subscriber's. Its fields but box are those of Core.receive.
type subscription struct {
	box     *mailbox.Mailbox[server.Event]
	born    uint64 // how many attempts to connect there were before it
	cut     bool   // the connection was lost, and the subscriber hasn't been told
	dropped int    // by the client, as far as it's known
	recheck int    // after so many messages, those before the latest drop have all come
}

// NewCore returns a Core. It connects again as often as the connection is lost, and
// need not be able to now. The error is that c makes no sense.
func NewCore(c Config) (*Core, error) {
	b := &Core{incoming: make(chan *natsgo.Msg, room), subs: make(map[*natsgo.Subscription]*subscription)}
	b.ctx, b.stop = context.WithCancel(context.Background())
	k, err := connect(c, b)
	if err != nil {
		return nil, err
	}
	b.connection = k
	b.pub = batch.New(b.send)
	b.wg.Go(b.receive)
	return b, nil
}

// Close ends all subscriptions and gives up the connection.
func (b *Core) Close() error {
	b.pub.Close()
	b.nc.Close()
	b.stop()
	b.wg.Wait()
	return nil
}

// Publish is that of [server.Bus].
func (b *Core) Publish(ctx context.Context, topic string, data []byte) error {
	return b.pub.Publish(ctx, topic, data)
}

func (b *Core) send(ms []*batch.Message) {
	if err := b.away(); err != nil {
		for _, m := range ms {
			m.Err = err
		}
		return
	}
	before, last := b.nc.Stats().Reconnects, b.nc.LastError()
	for _, m := range ms {
		m.Err = classify(b.nc.Publish(b.subject(m.Topic), m.Data), true)
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	err := b.nc.FlushWithContext(ctx)
	if err == nil && b.nc.Stats().Reconnects != before {
		err = natsgo.ErrDisconnected // it's another connection that has answered
	}
	denied := b.nc.LastError()
	for _, m := range ms {
		switch {
		case m.Err != nil:
		case err != nil:
			m.Err = fmt.Errorf("%w: %w", server.ErrBusUnconfirmed, err)
		case denied != last && kind(denied) == server.ErrBusDenied && strings.Contains(denied.Error(), `"`+b.subject(m.Topic)+`"`):
			m.Err = classify(denied, true)
		}
	}
}

// Subscribe is that of [server.Bus]. A position is told of as a gap.
func (b *Core) Subscribe(ctx context.Context, topic string, after server.Position, f func(server.Event)) (server.Position, error) {
	none := server.Position{}
	if err := ctx.Err(); err != nil {
		return none, fmt.Errorf("websocket: subscribe: %w", err)
	}
	if err := b.away(); err != nil {
		return none, err
	}
	s := &subscription{box: mailbox.New[server.Event](), born: b.dials.Load()}
	last := b.nc.LastError()
	b.mu.Lock()
	sub, err := b.nc.ChanSubscribe(b.subject(topic), b.incoming)
	if err == nil {
		b.subs[sub] = s
	}
	b.mu.Unlock()
	if err != nil {
		return none, classify(err, false)
	}
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err = b.nc.FlushWithContext(bounded)
	if denied := b.nc.LastError(); err == nil && denied != last && kind(denied) == server.ErrBusDenied && strings.Contains(denied.Error(), `"`+b.subject(topic)+`"`) {
		err = denied
	}
	if err != nil {
		b.unsubscribe(sub)
		if ctx.Err() != nil {
			return none, fmt.Errorf("websocket: subscribe: %w", ctx.Err())
		}
		return none, classify(err, false)
	}
	go func() {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		defer context.AfterFunc(b.ctx, stop)()
		defer b.unsubscribe(sub)
		if !after.IsZero() {
			f(server.Event{Gap: true})
		}
		for {
			e, lost, ok := s.box.Next(ctx)
			if !ok {
				return
			}
			if lost {
				e = server.Event{Gap: true}
			}
			f(e)
		}
	}()
	return none, nil
}

func (b *Core) unsubscribe(sub *natsgo.Subscription) {
	sub.Unsubscribe()
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.subs, sub)
}

// mark puts one among the messages, if there's room.
func (b *Core) mark(kind string, data ...byte) {
	select {
	case b.incoming <- &natsgo.Msg{Subject: kind, Data: data}:
	default:
		b.unmarked.Store(true)
	}
}

func (b *Core) dialing() {
	b.mark(markDialing, binary.BigEndian.AppendUint64(nil, b.dials.Add(1))...)
}

// connected waits until the engine has all subscriptions, as what comes before is lost
// to those.
func (b *Core) connected(nc *natsgo.Conn) {
	if nc.FlushTimeout(timeout) == nil {
		b.mark(markConnected)
	}
}

func (b *Core) slow() { b.mark(markSlow) }

// receive puts what comes where it belongs. It waits for nobody.
func (b *Core) receive() {
	for {
		select {
		case m := <-b.incoming:
			b.mu.Lock()
			if m.Sub == nil {
				b.markedLocked(m)
			} else if s := b.subs[m.Sub]; s != nil {
				b.messageLocked(s, m)
			}
			b.mu.Unlock()
		case <-b.ctx.Done():
			return
		}
	}
}

// markedLocked carries out a mark. b.mu is held.
func (b *Core) markedLocked(m *natsgo.Msg) {
	for sub, s := range b.subs {
		switch m.Subject {
		case markDialing:
			s.cut = s.cut || binary.BigEndian.Uint64(m.Data) > s.born
		case markConnected:
			s.tell()
		}
		s.check(sub)
		if len(b.incoming) == 0 {
			s.settle()
		}
	}
}

// messageLocked hands m on. b.mu is held.
func (b *Core) messageLocked(s *subscription, m *natsgo.Msg) {
	s.tell() // the subscription stands again, or m would not be here
	s.check(m.Sub)
	if b.unmarked.CompareAndSwap(true, false) {
		for _, s := range b.subs {
			s.suspect()
		}
	}
	s.box.Put(server.Event{Data: m.Data}, len(m.Data))
	if s.recheck > 0 && (s.recheck == 1 || len(b.incoming) == 0) {
		s.settle()
	} else if s.recheck > 0 {
		s.recheck--
	}
}

// tell tells of a lost connection.
func (s *subscription) tell() {
	if s.cut {
		s.cut = false
		s.box.Put(server.Event{Gap: true}, 0)
	}
}

// check looks whether the client has dropped messages for want of room in the channel.
// These belong somewhere behind those that are in the channel now, so it's told of
// twice: now, and when those have come.
func (s *subscription) check(sub *natsgo.Subscription) {
	if n, err := sub.Dropped(); err == nil && n != s.dropped {
		s.dropped = n
		s.suspect()
	}
}

// suspect tells of a gap, which may be here or behind what is in the channel now.
func (s *subscription) suspect() {
	s.recheck = room
	s.box.Put(server.Event{Gap: true}, 0)
}

// settle tells of a gap once more, if it's due.
func (s *subscription) settle() {
	if s.recheck > 0 {
		s.recheck = 0
		s.box.Put(server.Event{Gap: true}, 0)
	}
}
