// Sending, what is accepted and not yet sent, and whose turn it is to begin a message.
// It owns outbound and its queue, which outbound.mu guards. It neither makes frames nor
// writes to the transport.

package websocket

import (
	"context"
	"slices"
	"sync"

	"hawser/websocket/frame"
)

// outbound is the state of writing. Frames are appended to pend. Whoever finds that
// nobody is writing writes all that is pending, also what others append meanwhile.
//
// mu guards everything but role, and more and held of the coalescer, which are
// atomic. It's never held during a call of the transport, or while a function of the
// user runs. Functions that are called with it held have names that end in Locked, but
// for unlockOut.
type outbound struct {
	mu    sync.Mutex
	pend  *chunk // whole frames, accepted and not yet being written
	queue *queue // nil if nothing ever waited
	coalescer

	flushing  bool       // somebody is writing
	broken    bool       // nothing can be written any more
	busy      bool       // a message has begun and is not yet accepted to its end
	streaming bool       // a frame of that message, not its last, may have gone out
	cut       bool       // the rest of that message is never sent, as the Close frame came first
	closeOut  bool       // the Close frame is in pend, or has gone out
	armed     bool       // the coalescer's timer is going to fire
	delay     uint8      // of that timer, in units of holdDelay
	role      frame.Role // of this side, as only clients mask; never changes
	sent      frame.Code // of the Close frame, which may still wait for its turn; 0 if there's none

	closed *CloseError   // why no message is accepted any more; nil if one is
	idle   chan struct{} // closed when flushing or a message ends; nil if nobody waits
	pings  *pendingPing  // in the order they were sent
}

// A queue is the part of outbound that most connections never need: what waits for
// its turn to be sent. outbound.mu guards it.
type queue struct {
	lent                   // the message that Read returned last, in tests only
	waiters []*waiter      // the calls that wait to begin a message, in order
	posted  []*wire        // the messages of Post, in order
	begun   []byte         // what is left of the first of posted, if some of it has gone out
	bytes   int            // what posted holds, for Config.MaxQueue
	pong    *pong          // the latest pong that couldn't be queued, nil if there's none
	traced  []frame.Header // the frames that Trace.FrameSent is still to be told of
}

// A waiter is a call that waits to begin a message. outbound.mu guards it.
type waiter struct {
	ready   chan struct{} // closed when the call may begin, or never will
	granted bool          // it may begin: busy is set on its behalf
}

// mayBeginLocked reports whether the message whose turn it is may begin. Waiters are
// not looked at.
func (o *outbound) mayBeginLocked() bool {
	return !o.busy && !o.hasPostedLocked() && (o.pend == nil || len(o.pend.p) < chunkMax)
}

// hasPostedLocked reports whether messages of Post wait. o.mu is held.
func (o *outbound) hasPostedLocked() bool { return o.queue != nil && len(o.queue.posted) > 0 }

func (o *outbound) hasWaitersLocked() bool { return o.queue != nil && len(o.queue.waiters) > 0 }

// pongLocked returns the pong that waits for room, nil if there's none. o.mu is held.
func (o *outbound) pongLocked() *pong {
	if o.queue == nil {
		return nil
	}
	return o.queue.pong
}

// emptyLocked reports whether all that was accepted has been sent. o.mu is held.
func (o *outbound) emptyLocked() bool {
	return !o.flushing && o.pend == nil && o.pongLocked() == nil && !o.hasPostedLocked()
}

// waitingLocked returns the queue, to put something into it. o.mu is held.
func (o *outbound) waitingLocked() *queue {
	if o.queue == nil {
		o.queue = new(queue)
	}
	return o.queue
}

// freeLocked reports whether a message may begin at once. o.mu is held.
func (o *outbound) freeLocked() bool {
	return o.closed == nil && !o.hasWaitersLocked() && o.mayBeginLocked()
}

// beginMessageLocked takes the turn to write: it waits until a message may begin, and
// keeps all others from beginning until endMessageLocked. It returns an error, without
// the turn, if ctx ends first or no message is accepted any more. out.mu is held, and
// is released while beginMessageLocked waits.
func (c *Conn) beginMessageLocked(ctx context.Context) error {
	o := &c.out
	if o.closed != nil {
		return c.refusalLocked()
	}
	if o.freeLocked() {
		o.busy = true
		return nil
	}
	w := &waiter{ready: make(chan struct{})}
	q := o.waitingLocked()
	q.waiters = append(q.waiters, w)
	o.mu.Unlock()
	select {
	case <-w.ready:
	case <-c.doneOf(ctx):
	}
	o.mu.Lock()
	switch {
	case o.closed != nil:
		if w.granted {
			c.endMessageLocked()
		}
		return c.refusalLocked()
	case w.granted:
		return nil
	}
	q.waiters = slices.DeleteFunc(q.waiters, func(other *waiter) bool { return other == w })
	return writeRefused(ctx.Err())
}

// endMessageLocked gives up the turn to write, so that the next message may begin.
// out.mu is held, and may be released meanwhile.
func (c *Conn) endMessageLocked() {
	o := &c.out
	o.busy, o.streaming = false, false
	if o.hasPostedLocked() {
		c.flushAsyncLocked()
	}
	o.signalIdleLocked()
	o.grantLocked()
}

// grantLocked gives the turn to write to the first waiter, if a message may begin. o.mu
// is held.
func (o *outbound) grantLocked() {
	if !o.hasWaitersLocked() || !o.mayBeginLocked() {
		return
	}
	q := o.queue
	w := q.waiters[0]
	q.waiters = q.waiters[1:]
	o.busy = true // on behalf of the waiter
	w.granted = true
	close(w.ready)
}

// refuseLocked makes e the error of every call that waits to begin a message, or will
// want to. The first error holds. o.mu is held.
func (o *outbound) refuseLocked(e *CloseError) {
	if o.closed == nil {
		o.closed = e
	}
	if q := o.queue; q != nil {
		for _, w := range q.waiters {
			close(w.ready)
		}
		q.waiters = nil
	}
	if o.broken {
		o.failPingsLocked()
		o.signalIdleLocked()
	}
}

// signalIdleLocked wakes the calls that wait in waitChangeLocked. o.mu is held.
func (o *outbound) signalIdleLocked() {
	if o.idle != nil {
		close(o.idle)
		o.idle = nil
	}
}

// waitChangeLocked waits until somebody's flush or somebody's message ends, or ctx
// does. out.mu is held, and is released while it waits.
func (c *Conn) waitChangeLocked(ctx context.Context) error {
	o := &c.out
	if o.idle == nil {
		o.idle = make(chan struct{})
	}
	ch := o.idle
	o.mu.Unlock()
	defer o.mu.Lock()
	select {
	case <-ch:
		return nil
	case <-c.doneOf(ctx):
		return writeRefused(ctx.Err())
	}
}

// waitIdleLocked waits until nobody writes to the transport, or nobody can any more.
// out.mu is held, and is released while it waits.
func (c *Conn) waitIdleLocked(ctx context.Context) error {
	o := &c.out
	for o.flushing && !o.broken {
		if err := c.waitChangeLocked(ctx); err != nil {
			return err
		}
	}
	if o.broken {
		return c.refusalLocked()
	}
	return nil
}
