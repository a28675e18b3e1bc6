// Ending, the states: the only place where the state of the end changes, where the timer
// of the connection is set, and where the transport is closed. It owns ending, which
// ending.mu guards. It knows the sending half, reads no messages and makes no frames.

package websocket

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"hawser/websocket/frame"
	"hawser/websocket/internal/clock"
)

// An endingOwner is what is above the end of a connection. ending.mu is not held while
// it's called.
type endingOwner interface {
	// told is called once, when the connection is over, to let everybody know.
	told(e *CloseError)
	// idle is called when the peer has begun no message for too long.
	idle()
}

// The states of a connection's end, in the only order that they come in. Some may
// be left out.
const (
	open    uint32 = iota
	closing        // this side's Close frame is accepted for sending, the peer's hasn't come
	decided        // ending.err says how it ends; what was accepted before is still being sent
	over           // everybody has been told; if the transport isn't closed, it lingers
)

// ending is how far the end of a connection has come. It also owns the connection's
// one timer, which is for the liveness of the peer while the connection is open, and
// bounds its end after.
type ending struct {
	err   atomic.Pointer[CloseError] // how the connection ends, once that's decided; written under mu
	state atomic.Uint32              // written under mu
	mu    sync.Mutex
	bound bool        // the end must have come when due has; guarded by mu
	gone  bool        // the transport is closed; guarded by mu
	half  bool        // a stream has half-closed, and may read on for as long as it likes; guarded by mu
	due   int64       // on internal/clock; guarded by mu
	timer *time.Timer // nil until it's needed; guarded by mu
	live  liveness

	out   *outbound
	owner endingOwner
}

// start sets the timer for the first look at the peer's liveness.
func (e *ending) start() {
	if first := e.live.start(e.out.cfg); first > 0 {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.armLocked(first)
	}
}

func (e *ending) isOver() bool { return e.state.Load() == over }

// armLocked makes the timer fire after d.
func (e *ending) armLocked(d time.Duration) {
	if e.timer == nil {
		e.timer = time.AfterFunc(d, e.tick)
	} else {
		e.timer.Reset(d)
	}
}

// tick does what is due. It finds out by the state and the clock, so it does no harm
// when the timer has fired and something else has happened meanwhile.
func (e *ending) tick() {
	e.mu.Lock()
	act := e.dueLocked()
	e.mu.Unlock()
	if act != nil {
		act()
	}
}

// dueLocked returns what is to be done now, without e.mu, or sets the timer for later.
func (e *ending) dueLocked() (act func()) {
	state := e.state.Load()
	switch {
	case e.gone:
		return nil
	case e.bound:
		if left := clock.Until(e.due); left > 0 {
			e.armLocked(left)
			return nil
		}
		if state >= decided {
			return e.cut
		}
		return e.closeTimedOut
	case state == closing && e.half:
		return nil
	case state == closing:
		return e.closingLocked()
	}
	due, next := e.live.look(e.out.cfg)
	if next > 0 {
		e.armLocked(next)
	}
	switch due {
	case pingDue:
		return e.out.keepalive
	case pongLate:
		return func() { e.abort(&pingTimeout{e.out.cfg.PingTimeout}) }
	case idleTooLong:
		return e.owner.idle
	}
	return nil
}

// closingLocked gives up a peer that has been silent for the close timeout since
// CloseWrite. Only while somebody reads one can tell.
func (e *ending) closingLocked() (act func()) {
	timeout := e.out.cfg.CloseTimeout
	since := e.live.silentSince()
	if since == 0 {
		e.armLocked(timeout)
		return nil
	}
	if left := max(clock.Until(e.due), clock.Until(since)+timeout); left > 0 {
		e.armLocked(left)
		return nil
	}
	return e.closeTimedOut
}

// beginClosing bounds what follows this side's Close frame: the silence of the peer
// for CloseWrite, everything for Close.
func (e *ending) beginClosing(everything bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	state := e.state.Load()
	if state == open {
		e.state.Store(closing)
	}
	if state == open || everything && state == closing && !e.bound {
		e.boundLocked(everything)
	}
}

// beginHalfClosing is beginClosing for a stream, whose half-close bounds nothing.
func (e *ending) beginHalfClosing() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state.Load() == open {
		e.half = true
		e.state.Store(closing)
	}
}

// boundLocked sets the timer to the close timeout, unless the end is bound already.
func (e *ending) boundLocked(everything bool) {
	if !e.bound {
		e.bound = everything
		e.due = clock.After(e.out.cfg.CloseTimeout)
		e.armLocked(e.out.cfg.CloseTimeout)
	}
}

// decide makes err the way that the connection ends, and reports whether it does:
// the first decision holds.
func (e *ending) decide(err *CloseError) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state.Load() >= decided {
		return false
	}
	e.out.decided(err)
	e.err.Store(err)
	e.state.Store(decided)
	e.boundLocked(true)
	return true
}

// abort ends the connection at once, on this side's own account, because of err. If
// its end is decided already it tells so, and what is still to be sent goes out
// within the close timeout. If that has gone out and nothing can be lost any more, the
// transport doesn't linger.
func (e *ending) abort(err error) {
	e.out.flushHeld()
	end := e.out.outcome(err)
	end.Local = true
	switch {
	case e.decide(end), e.out.cfg.CloseTimeout == math.MaxInt64:
		e.cut()
	case e.isOver() && e.err.Load().Err == nil:
		e.closeTransport()
	default:
		e.tell()
	}
}

// lost ends the connection because the transport failed with err.
func (e *ending) lost(err error) {
	if e.decide(e.out.outcome(err)) {
		e.cut()
	}
}

// closeTimedOut ends a connection that took too long to close, or whose writing
// has failed before.
func (e *ending) closeTimedOut() {
	if end := e.out.brokeBefore(); end == nil {
		e.abort(ErrCloseTimeout)
	} else if e.decide(end) {
		e.cut()
	}
}

// writingBroke is told that nothing can be sent any more, because of end.Err. The peer
// may have sent its reasons, so reading can go on for a while; but not if it's just
// not taking anything.
func (e *ending) writingBroke(end *CloseError) {
	if errors.Is(end.Err, ErrWriteTimeout) || errors.Is(end.Err, context.Canceled) || errors.Is(end.Err, context.DeadlineExceeded) {
		if e.decide(end) {
			e.cut()
		}
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state.Load() < decided {
		e.boundLocked(true)
	}
}

// peerClosed ends the connection after the peer's Close frame, which is answered with
// the same code and reason unless this side has sent one before. If half is set the peer
// had only half-closed, and so was the first of the two to close.
func (e *ending) peerClosed(code frame.Code, reason string, half bool) {
	end := e.out.answerClose(code, reason)
	end.Code, end.Reason = code, reason
	end.Local = end.Local && !half
	e.teardown(end, false)
}

// fail ends the connection because the peer broke the protocol.
func (e *ending) fail(breach *frame.Error) { e.teardown(e.out.sendBreach(breach), false) }

// streamEnded ends the connection because the peer has ended its stream. It may have
// ended only its sending direction, so it still gets what was accepted for it.
func (e *ending) streamEnded(err error) { e.teardown(e.out.outcome(err), true) }

// teardown ends the connection with end after the peer's Close frame, a breach of the
// protocol, or the end of the peer's stream. It never waits: what is still to be
// sent, and closing the transport in peace, is left to a goroutine if need be. The
// caller has the reading role.
func (e *ending) teardown(end *CloseError, streamEnded bool) {
	if !e.decide(end) {
		return
	}
	e.out.stream.Forget()
	if e.out.flushNow() {
		e.tell()
		if streamEnded {
			e.closeTransport()
		} else {
			go e.linger(end)
		}
		return
	}
	go func() {
		e.out.flushAll()
		e.tell()
		if streamEnded {
			e.closeTransport()
		} else {
			e.linger(end)
		}
	}()
}

// tell lets everybody who waits know that the connection is over, once.
func (e *ending) tell() {
	e.mu.Lock()
	told := e.state.Load() == over
	e.state.Store(over)
	e.mu.Unlock()
	if !told {
		err := e.err.Load()
		e.out.ended(err)
		e.owner.told(err)
	}
}

// cut closes the transport, whatever is going on. How the connection ends is
// decided.
func (e *ending) cut() {
	e.closeTransport()
	e.out.cutOff(e.err.Load())
	e.out.stream.Forget()
	e.tell()
}

// closeTransport closes it, once.
func (e *ending) closeTransport() {
	e.mu.Lock()
	gone := e.gone
	e.gone = true
	if e.timer != nil {
		e.timer.Stop()
	}
	e.mu.Unlock()
	if !gone {
		e.out.stream.Conn.Close()
	}
}

// maxDrain is how many bytes are read from a peer that is only to see the end.
const maxDrain = 64 << 20

// linger closes the transport when the peer has seen the end, after everybody on
// this side has been told: closing it earlier could make the peer lose what it has
// not read yet (RFC 6455 section 7.1.1). The timer bounds it.
func (e *ending) linger(end *CloseError) {
	ended := false
	first := e.out.stream.EndsFirst(e.out.pend.role)
	if first || end.Err != nil {
		ended = e.out.stream.CloseWrite()
	}
	// Behind both Close frames nothing comes that could be lost, so where a server
	// can't end its direction alone, it ends both.
	if ended || !first || end.Err != nil {
		e.out.stream.Discard(maxDrain)
	}
	e.closeTransport()
}
