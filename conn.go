// A connection and its parts: it puts them together, and tells what they are. What they
// do is in the files that the parts come from; see docs/DESIGN.md.

package websocket

import (
	"context"
	"math"
	"net"
	"sync/atomic"
	"unique"

	"hawser/websocket/frame"
	"hawser/websocket/handshake"
	"hawser/websocket/internal/transport"
)

// Setup is what the opening handshake leaves to [NewConn]. It's low-level: packages server
// and client fill it in, and whoever does an opening handshake without them.
type Setup struct {
	Role        frame.Role
	Subprotocol string // agreed on, or ""
	// Deflate has the parameters of permessage-deflate that were agreed on. It's
	// nil if the extension wasn't.
	Deflate *handshake.Deflate
	// Unread is what arrived behind the handshake. NewConn copies it.
	Unread []byte
	// Context has the values of [Conn.Context]. When it's done, the connection
	// is cut off. Nil is [context.Background].
	Context context.Context
	// Opened, if not nil, is called before NewConn returns. It must not wait for
	// the connection.
	Opened func(*Conn)
	// Answer is the server's answer to the handshake, if it's still to be sent.
	// NewConn does that, before all else and after Opened: what Opened has others
	// write arrives behind it. If it fails, the connection has ended.
	Answer []byte
	// Ended, if not nil, is called when the connection is over.
	Ended func(*Conn)
}

// Conn is a WebSocket connection, of either role (RFC 6455). Package client
// makes one by dialing, package server by upgrading a request, [NewConn] out of
// any stream.
//
// All methods may be called from any goroutine at any time. One goroutine at a
// time can read; a second gets [ErrConcurrentRead]. Pings and Close frames are
// answered while somebody reads, so a connection needs a goroutine that does.
//
// It has two halves that know nothing of each other, in to receive and out to send, the
// end of the connection, which knows out, and the transport below. What they need of each
// other beside that goes through owner.go; see docs/DESIGN.md for their locks.
type Conn struct {
	in  inbound
	out outbound
	end ending

	subprotocol unique.Handle[string]       // shared, as connections have few different ones
	values      context.Context             // what done has the values of
	done        atomic.Pointer[doneContext] // nil until somebody asks
	ended       func(*Conn)                 // nil if nobody wants to know; never changes
}

// NewConn returns the connection on t after the opening handshake. It takes
// over t.
func NewConn(t Transport, s Setup, cfg Config) *Conn {
	c := &Conn{subprotocol: unique.Make(s.Subprotocol), values: s.Context, ended: s.Ended}
	x := (*owner)(c)
	shared := cfg.withDefaults(s.Role)
	c.out = outbound{output: output{pend: pending{role: s.Role}, cfg: shared, stream: transport.New(t, x), owner: x}}
	c.end = ending{out: &c.out, owner: x}
	c.in = inbound{cfg: shared, owner: x}
	c.in.max.Store(shared.MaxMessage)
	rules := frame.Rules{Role: s.Role}
	if s.Deflate != nil {
		rules.Rsv = frame.Rsv1
		c.out.deflater, c.in.inflater = shared.Compression.start(s.Role, s.Deflate)
	}
	c.in.rd.Init(c.out.stream.Source(), rules, 0)
	c.in.rd.Preload(s.Unread)
	if c.values == nil {
		c.values = context.Background()
	}
	if c.values.Done() != nil {
		c.endWith(c.values)
	}
	c.end.start()
	if s.Answer != nil {
		c.out.holdOthers() // so nothing overtakes it
	}
	if s.Opened != nil {
		s.Opened(c)
	}
	if s.Answer != nil {
		if err := c.out.sendAnswer(s.Answer); err != nil {
			c.end.lost(err)
		}
	}
	return c
}

// Subprotocol returns the subprotocol that was agreed on, or "".
func (c *Conn) Subprotocol() string { return c.subprotocol.Value() }

// Role returns the side that this end of the connection is on.
func (c *Conn) Role() frame.Role { return c.out.pend.role }

// LocalAddr returns the transport's local address, nil if it has none.
func (c *Conn) LocalAddr() net.Addr {
	if t, ok := c.out.stream.Conn.(interface{ LocalAddr() net.Addr }); ok {
		return t.LocalAddr()
	}
	return nil
}

// RemoteAddr returns the transport's remote address, nil if it has none.
func (c *Conn) RemoteAddr() net.Addr {
	if t, ok := c.out.stream.Conn.(interface{ RemoteAddr() net.Addr }); ok {
		return t.RemoteAddr()
	}
	return nil
}

// Transport returns what the connection runs on, to look at: its addresses, its
// TLS state. Reading, writing, deadlines and closing are the Conn's.
func (c *Conn) Transport() Transport { return c.out.stream.Conn }

// Context returns a context that is done when the connection is over, with
// [Conn.Err] as its cause. On servers it has the values of the request's context.
func (c *Conn) Context() context.Context { return (*connContext)(c) }

// Done returns a channel that is closed when the connection is over: when both
// Close frames are there, or something broke. The transport is closed soon after,
// within [Config.CloseTimeout]: see [Conn.Close].
func (c *Conn) Done() <-chan struct{} { return c.doneContext().Done() }

// Err returns nil while the connection is open, and a *[CloseError] as soon as
// it's known how it ends. That may be a moment before [Conn.Done] is closed, while
// what was accepted before is still being sent.
func (c *Conn) Err() error {
	if e := c.end.err.Load(); e != nil {
		return e
	}
	return nil
}

// SetMaxMessage replaces [Config.MaxMessage] from the next message on that begins
// to arrive: as long as a peer hasn't told who it is, its messages may have to be
// small. n is in bytes; 0 is [DefaultMaxMessage], a negative value no limit.
func (c *Conn) SetMaxMessage(n int64) {
	c.in.max.Store(limit(n, DefaultMaxMessage, math.MaxInt64))
}
