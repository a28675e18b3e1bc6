// Ending, the states: the only place where the state of the end changes, where its
// timer is set, and where the transport is closed. It owns ending, which ending.mu
// guards. It reads no messages and makes no frames.

package websocket

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"hawser/websocket/frame"
)

// The states of a connection's end, in the only order that they come in. Some may
// be left out.
const (
	open    uint32 = iota
	closing        // this side's Close frame is accepted for sending, the peer's hasn't come
	decided        // Conn.err says how it ends; what was accepted before is still being sent
	over           // everybody has been told; if the transport isn't closed, it lingers
)

// ending is how far the end of a connection has come. It also owns the connection's
// one timer, which is for the keepalive while the connection is open, and bounds its
// end after.
type ending struct {
	state  atomic.Uint32 // written under mu
	mu     sync.Mutex
	pinged bool        // a ping of the keepalive waits for any byte, until due; guarded by mu
	bound  bool        // the end must have come when due has; guarded by mu
	gone   bool        // the transport is closed; guarded by mu
	half   bool        // a stream has half-closed, and may read on for as long as it likes; guarded by mu
	due    int64       // on the clock of now; guarded by mu
	timer  *time.Timer // nil until it's needed; guarded by mu
}

var started = time.Now()

// now is a clock for measuring, in nanoseconds. It's always positive, also by the
// clock of a test that has its own.
func now() int64 { return 1<<62 + int64(time.Since(started)) }

// after returns the time after d, or the last one there is.
func after(d time.Duration) int64 {
	if d > math.MaxInt64/4 {
		return math.MaxInt64
	}
	return now() + int64(d)
}

func (c *Conn) isOver() bool { return c.end.state.Load() == over }

// armLocked makes the timer fire after d. end.mu is held.
func (c *Conn) armLocked(d time.Duration) {
	if c.end.timer == nil {
		c.end.timer = time.AfterFunc(d, c.tick)
	} else {
		c.end.timer.Reset(d)
	}
}

// tick does what is due. It finds out by the state and the clock, so it does no harm
// when the timer has fired and something else has happened meanwhile.
func (c *Conn) tick() {
	c.end.mu.Lock()
	act := c.dueLocked()
	c.end.mu.Unlock()
	if act != nil {
		act()
	}
}

// dueLocked returns what is to be done now, without end.mu, which is held here, or
// sets the timer for later.
func (c *Conn) dueLocked() (act func()) {
	e := &c.end
	switch state := e.state.Load(); {
	case e.gone:
		return nil
	case e.bound:
		if left := e.due - now(); left > 0 {
			c.armLocked(time.Duration(left))
			return nil
		}
		if state >= decided {
			return c.cut
		}
		return c.closeTimedOut
	case state == closing && e.half:
		return nil
	case state == closing:
		return c.closingLocked()
	}
	return c.keepaliveLocked()
}

// closingLocked gives up a peer that has been silent for the close timeout since
// CloseWrite. Only while somebody reads one can tell. end.mu is held.
func (c *Conn) closingLocked() (act func()) {
	timeout := c.cfg.CloseTimeout
	since := c.silence.since()
	if since == 0 {
		c.armLocked(timeout)
		return nil
	}
	left := max(c.end.due-now(), since+int64(timeout)-now())
	if left > 0 {
		c.armLocked(time.Duration(left))
		return nil
	}
	return c.closeTimedOut
}

// beginClosing bounds what follows this side's Close frame: the silence of the peer
// for CloseWrite, everything for Close.
func (c *Conn) beginClosing(everything bool) {
	e := &c.end
	e.mu.Lock()
	defer e.mu.Unlock()
	state := e.state.Load()
	if state == open {
		e.state.Store(closing)
	}
	if state == open || everything && state == closing && !e.bound {
		c.boundLocked(everything)
	}
}

// beginHalfClosing is beginClosing for a stream, whose half-close bounds nothing.
func (c *Conn) beginHalfClosing() {
	e := &c.end
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state.Load() == open {
		e.half = true
		e.state.Store(closing)
	}
}

// boundLocked sets the timer to the close timeout, unless the end is bound already.
// end.mu is held.
func (c *Conn) boundLocked(everything bool) {
	if e := &c.end; !e.bound {
		e.bound = everything
		e.due = after(c.cfg.CloseTimeout)
		c.armLocked(c.cfg.CloseTimeout)
	}
}

// decide makes err the way that the connection ends, and reports whether it does:
// the first decision holds.
func (c *Conn) decide(err *CloseError) bool {
	e := &c.end
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state.Load() >= decided {
		return false
	}
	c.err.Store(err)
	e.state.Store(decided)
	c.boundLocked(true)
	return true
}

// abort ends the connection at once, on this side's own account, because of err. If
// its end is decided already it tells so, and what is still to be sent goes out
// within the close timeout. If that has gone out and nothing can be lost any more, the
// transport doesn't linger.
func (c *Conn) abort(err error) {
	c.flushHeld()
	e := c.closeError(err)
	e.Local = true
	switch {
	case c.decide(e), c.cfg.CloseTimeout == math.MaxInt64:
		c.cut()
	case c.isOver() && c.err.Load().Err == nil:
		c.closeTransport()
	default:
		c.tell()
	}
}

// lost ends the connection because the transport failed with err.
func (c *Conn) lost(err error) {
	if c.decide(c.closeError(err)) {
		c.cut()
	}
}

// closeTimedOut ends a connection that took too long to close, or whose writing
// has failed before.
func (c *Conn) closeTimedOut() {
	o := &c.out
	o.mu.Lock()
	broken, e := o.broken, o.closed
	o.mu.Unlock()
	if !broken {
		c.abort(ErrCloseTimeout)
	} else if c.decide(e) {
		c.cut()
	}
}

// writingBroke is told that nothing can be sent any more, because of e.Err. The peer
// may have sent its reasons, so reading can go on for a while; but not if it's just
// not taking anything.
func (c *Conn) writingBroke(e *CloseError) {
	if errors.Is(e.Err, ErrWriteTimeout) || errors.Is(e.Err, context.Canceled) || errors.Is(e.Err, context.DeadlineExceeded) {
		if c.decide(e) {
			c.cut()
		}
		return
	}
	c.end.mu.Lock()
	defer c.end.mu.Unlock()
	if c.end.state.Load() < decided {
		c.boundLocked(true)
	}
}

// teardown ends the connection with e after the peer's Close frame, a breach of the
// protocol, or the end of the peer's stream. It never waits: what is still to be
// sent, and closing the transport in peace, is left to a goroutine if need be. The
// caller holds the reading role.
func (c *Conn) teardown(e *CloseError, streamEnded bool) {
	if !c.decide(e) {
		return
	}
	c.in.watch.forget(c)
	if c.flushNow() {
		c.tell()
		if streamEnded {
			c.closeTransport()
		} else {
			go c.linger(e)
		}
		return
	}
	go func() {
		c.flushAll()
		c.tell()
		if streamEnded {
			c.closeTransport()
		} else {
			c.linger(e)
		}
	}()
}

// tell lets everybody who waits know that the connection is over, once.
func (c *Conn) tell() {
	e := &c.end
	e.mu.Lock()
	if e.state.Load() == over {
		e.mu.Unlock()
		return
	}
	e.state.Store(over)
	ended := c.ended
	e.mu.Unlock()

	err := c.err.Load()
	o := &c.out
	o.mu.Lock()
	o.refuseLocked(err)
	o.failPingsLocked()
	if o.timer != nil {
		o.timer.Stop()
	}
	o.mu.Unlock()
	if c.idle != nil {
		c.idle.timer.Stop()
	}
	if w := c.limit.Load(); w != nil {
		w.stop()
	}
	if d := c.done.Load(); d != nil {
		d.cancel(err)
	}
	if ended != nil {
		ended(c)
	}
}

// cut closes the transport, whatever is going on. How the connection ends is
// decided.
func (c *Conn) cut() {
	c.closeTransport()
	o := &c.out
	o.mu.Lock()
	o.broken = true
	o.refuseLocked(c.err.Load())
	o.mu.Unlock()
	c.in.watch.forget(c)
	c.tell()
}

// closeTransport closes it, once.
func (c *Conn) closeTransport() {
	e := &c.end
	e.mu.Lock()
	gone := e.gone
	e.gone = true
	if e.timer != nil {
		e.timer.Stop()
	}
	e.mu.Unlock()
	if !gone {
		c.t.Close()
	}
}

// linger closes the transport when the peer has seen the end, after everybody on
// this side has been told: closing it earlier could make the peer lose what it has
// not read yet (RFC 6455 section 7.1.1). The connection's timer bounds it.
func (c *Conn) linger(e *CloseError) {
	ended := false
	if c.endsFirst() || e.Err != nil {
		ended = closeWrite(c.t)
	}
	// Behind both Close frames nothing comes that could be lost, so where a server
	// can't end its direction alone, it ends both.
	if ended || !c.endsFirst() || e.Err != nil {
		discard(c.t, maxDrain)
	}
	c.closeTransport()
}

// endsFirst reports whether it's this side that ends its stream first when the
// closing handshake is through: on TCP the server, so that the state that remains
// of a connection is there (RFC 6455 section 7.1.1), unless the transport has its own
// view.
func (c *Conn) endsFirst() bool {
	if t, ok := c.t.(interface{ EndsFirst() bool }); ok {
		return t.EndsFirst()
	}
	return c.out.role == frame.Server
}
