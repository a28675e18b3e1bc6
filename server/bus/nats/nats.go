// Package nats carries topics ([server.Topics]) over NATS, by the client
// github.com/nats-io/nats.go. There are two ways:
//
//   - [JetStream] keeps a history: what was accepted reaches everybody, also those who
//     were away for a while, as was the engine.
//   - [Core] keeps nothing, and carries the most: who is away when a message is sent is
//     told of a gap.
package nats

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	natsgo "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hawser/websocket/server"
)

// Config says how to reach the engine.
type Config struct {
	// URL is that of a server, or of several with commas between, such as
	// nats://user:password@host:4222.
	URL string
	// Options are further ones of the client. What would have it keep messages while
	// the engine is away, or give up, is overridden.
	Options []natsgo.Option
	// Prefix is what the subjects begin with. "" is "topics.". It has no other
	// characters than ASCII letters, digits, hyphens, underscores and dots.
	Prefix string
}

// timeout bounds what is asked of the engine on nobody's behalf.
const timeout = 5 * time.Second

// connection is one to the engine, which comes back as often as it's lost.
type connection struct {
	nc     *natsgo.Conn
	prefix string
	failed atomic.Pointer[error] // why the latest attempt to connect failed
}

// events is what a connection tells of itself. Its methods wait for nothing.
type events interface {
	dialing()               // nothing more comes from the connection before, nothing yet from the next
	connected(*natsgo.Conn) // again; called by a goroutine of its own
	slow()                  // some message was dropped by the client
}

// connect tries to connect, and goes on trying.
func connect(c Config, e events) (*connection, error) {
	k := &connection{prefix: c.Prefix}
	if k.prefix == "" {
		k.prefix = "topics."
	}
	known := make(chan struct{})
	once := sync.OnceFunc(func() { close(known) })
	note := func(err error) {
		if err != nil {
			k.failed.Store(&err)
		}
		once()
	}
	connected := func(nc *natsgo.Conn) {
		k.failed.Store(nil)
		once()
		e.connected(nc)
	}
	options := append(c.Options[:len(c.Options):len(c.Options)],
		natsgo.RetryOnFailedConnect(true), natsgo.MaxReconnects(-1), natsgo.IgnoreAuthErrorAbort(),
		natsgo.ReconnectBufSize(-1), // or Publish would accept what the engine hasn't
		natsgo.ReconnectWait(100*time.Millisecond), natsgo.ReconnectJitter(100*time.Millisecond, 100*time.Millisecond),
		natsgo.PingInterval(timeout), natsgo.MaxPingsOutstanding(2),
		natsgo.SetCustomDialer(&dialer{events: e}),
		natsgo.ReconnectErrHandler(func(_ *natsgo.Conn, err error) { note(err) }),
		natsgo.DisconnectErrHandler(func(_ *natsgo.Conn, err error) { note(err) }),
		natsgo.ConnectHandler(connected),
		natsgo.ReconnectHandler(connected),
		natsgo.ErrorHandler(func(_ *natsgo.Conn, _ *natsgo.Subscription, err error) {
			if errors.Is(err, natsgo.ErrSlowConsumer) {
				e.slow()
			}
		}))
	var err error
	if k.nc, err = natsgo.Connect(c.URL, options...); err != nil {
		return nil, err
	}
	select {
	case <-known: // how the first attempt went
	case <-time.After(timeout):
	}
	return k, nil
}

// dialer dials as the client does, and says so.
type dialer struct {
	net.Dialer
	events events
}

func (d *dialer) Dial(network, address string) (net.Conn, error) {
	d.events.dialing()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

// subject returns the one of a topic. Only letters, digits, - and _ stand for
// themselves.
func (k *connection) subject(topic string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	b.WriteString(k.prefix)
	for _, c := range []byte(topic) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}

// away returns why there is no connection, nil if there is one.
func (k *connection) away() error {
	if k.nc.IsConnected() {
		return nil
	}
	if err := k.nc.LastError(); kind(err) == server.ErrBusDenied { // it's forgotten at the next attempt
		k.failed.Store(&err)
		return classify(err, false)
	}
	if err := k.failed.Load(); err != nil {
		return classify(*err, false)
	}
	return fmt.Errorf("%w: not connected", server.ErrBusUnavailable)
}

// Ping asks the engine for an answer. Its error is as that of [server.Bus].
func (k *connection) Ping(ctx context.Context) error {
	if err := k.away(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := k.nc.FlushWithContext(ctx); err != nil {
		return classify(err, false)
	}
	return nil
}

// kind returns the error of package server that err is by itself, nil if it's unknown
// what it means for a message.
func kind(err error) error {
	var api *jetstream.APIError
	switch {
	case errors.Is(err, natsgo.ErrAuthorization), errors.Is(err, natsgo.ErrAuthExpired), errors.Is(err, natsgo.ErrAuthRevoked),
		errors.Is(err, natsgo.ErrAccountAuthExpired), errors.Is(err, natsgo.ErrPermissionViolation):
		return server.ErrBusDenied
	case errors.Is(err, natsgo.ErrMaxPayload):
		return server.ErrMessageSize
	case errors.As(err, &api) && api.ErrorCode == 10054: // more than the stream's limit
		return server.ErrMessageSize
	case errors.As(err, &api), errors.Is(err, natsgo.ErrNoResponders), errors.Is(err, jetstream.ErrNoStreamResponse),
		errors.Is(err, natsgo.ErrReconnectBufExceeded), errors.Is(err, natsgo.ErrConnectionReconnecting),
		errors.Is(err, natsgo.ErrConnectionClosed):
		return server.ErrBusUnavailable
	}
	return nil
}

// classify returns err as package server names it. sent says whether the engine may
// have got what err is about, if err doesn't say it.
func classify(err error, sent bool) error {
	k := kind(err)
	switch {
	case err == nil:
		return nil
	case k == nil && sent:
		k = server.ErrBusUnconfirmed
	case k == nil:
		k = server.ErrBusUnavailable
	}
	return fmt.Errorf("%w: %w", k, err)
}

// pause waits a while, longer after each failure, or until ctx is done.
func pause(ctx context.Context, failures int) {
	select {
	case <-time.After(min(50*time.Millisecond<<min(failures, 10), time.Second)):
	case <-ctx.Done():
	}
}

// signal is a channel that is closed now and then, to wake all who wait.
type signal struct {
	mu sync.Mutex
	ch chan struct{} // guarded by mu
}

// wait returns the channel that is closed at the next broadcast.
func (s *signal) wait() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch == nil {
		s.ch = make(chan struct{})
	}
	return s.ch
}

func (s *signal) broadcast() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch != nil {
		close(s.ch)
		s.ch = nil
	}
}
