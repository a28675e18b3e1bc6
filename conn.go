// A connection and its parts: it puts them together, and tells what they are. What they
// do is in the files that the parts come from; see docs/DESIGN.md.

package websocket

import (
	"context"
	"math"
	"net"
	"sync/atomic"

	"hawser/websocket/frame"
	"hawser/websocket/handshake"
)

// Setup is what the opening handshake leaves to [NewConn].
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
// Three locks guard its parts: end.mu how far the end has come, out.mu what is to
// be sent, in.watch.mu the context of the reader. end.mu may be held while out.mu
// is taken, never the other way round. None of them is held during a system call
// that may wait, or while a function of the user runs.
type Conn struct {
	// What most messages need comes first, to be together in the processor's cache.
	cfg  *Config                    // with its defaults; shared
	err  atomic.Pointer[CloseError] // how the connection ends, once that's decided; written under end.mu
	rd   frame.Reader
	in   inbound
	out  outbound
	sock socket // t, if it's a plain socket

	limit atomic.Pointer[writeLimit] // nil if no write had to wait so far; stored by whoever writes; its lock is a leaf

	// Both are nil if no compression was agreed on.
	inflater *inflater
	deflater *deflater

	silence silence // how long the peer has been silent
	idle    *idle   // nil without a Config.IdleTimeout
	end     ending

	t           Transport
	subprotocol string
	values      context.Context             // what done has the values of
	done        atomic.Pointer[doneContext] // nil until somebody asks
	ended       func(*Conn)                 // guarded by end.mu
}

// NewConn returns the connection on t after the opening handshake. It takes
// over t.
func NewConn(t Transport, s Setup, cfg Config) *Conn {
	c := &Conn{t: t, subprotocol: s.Subprotocol, cfg: cfg.withDefaults(s.Role), values: s.Context, ended: s.Ended}
	c.out.role = s.Role
	c.in.max.Store(c.cfg.MaxMessage)
	if c.values == nil {
		c.values = context.Background()
	}
	if parent := c.values; parent.Done() != nil {
		c.end.mu.Lock()
		unwatch := context.AfterFunc(parent, func() { c.abort(context.Cause(parent)) })
		c.ended = func(c *Conn) {
			unwatch()
			if s.Ended != nil {
				s.Ended(c)
			}
		}
		c.end.mu.Unlock()
	}
	rules := frame.Rules{Role: s.Role}
	if s.Deflate != nil {
		rules.Rsv = frame.Rsv1
		c.startCompression(s.Deflate)
	}
	c.rd.Init(c.source(), rules, 0)
	c.rd.Preload(s.Unread)
	c.startKeepalive()
	c.startIdle()
	if s.Answer != nil {
		c.out.mu.Lock()
		c.out.flushing = true // so nothing overtakes it
		c.out.mu.Unlock()
	}
	if s.Opened != nil {
		s.Opened(c)
	}
	if s.Answer != nil {
		c.sendAnswer(s.Answer)
	}
	return c
}

// sendAnswer sends what goes out before all frames, with out.flushing set.
func (c *Conn) sendAnswer(p []byte) {
	if err := c.send(context.Background(), batch{ref: p}); err != nil {
		c.lost(err)
		return
	}
	c.out.mu.Lock()
	defer c.unlockOut()
	c.endFlushLocked(batch{}, nil)
	c.flushAsyncLocked()
}

func (c *Conn) source() frame.LateReader {
	if c.initSocket() {
		return (*socketSource)(c)
	}
	if s := newTLSSource(c); s != nil {
		return s
	}
	if w, ok := c.t.(readWaiter); ok {
		return waitingSource{c, w}
	}
	return plainSource{c}
}

// Subprotocol returns the subprotocol that was agreed on, or "".
func (c *Conn) Subprotocol() string { return c.subprotocol }

// Role returns the side that this end of the connection is on.
func (c *Conn) Role() frame.Role { return c.out.role }

// LocalAddr returns the transport's local address, nil if it has none.
func (c *Conn) LocalAddr() net.Addr {
	if t, ok := c.t.(interface{ LocalAddr() net.Addr }); ok {
		return t.LocalAddr()
	}
	return nil
}

// RemoteAddr returns the transport's remote address, nil if it has none.
func (c *Conn) RemoteAddr() net.Addr {
	if t, ok := c.t.(interface{ RemoteAddr() net.Addr }); ok {
		return t.RemoteAddr()
	}
	return nil
}

// Transport returns what the connection runs on, to look at: its addresses, its
// TLS state. Reading, writing, deadlines and closing are the Conn's.
func (c *Conn) Transport() Transport { return c.t }

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
	if e := c.err.Load(); e != nil {
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
