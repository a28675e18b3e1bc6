package websocket

import (
	"context"
	"slices"
	"sync"

	"hawser/websocket/frame"
)

// outbound is the state of writing. Frames are appended to pend, under mu,
// which is never held during a system call. Whoever finds that nobody is
// writing writes all that is pending, also what others append meanwhile.
type outbound struct {
	mu    sync.Mutex
	pend  *chunk // whole frames, accepted and not yet being written
	queue *queue // nil if nothing ever waited
	coalescer

	flushing  bool       // somebody is writing
	broken    bool       // nothing can be written any more
	busy      bool       // a message has begun and is not yet accepted to its end
	streaming bool       // and a frame of it may have gone out that isn't the last
	cut       bool       // and the rest of it is never sent, as the Close frame came first
	closeOut  bool       // the Close frame is in pend, or has gone out
	armed     bool       // the coalescer's timer will look
	delay     uint8      // of that timer, in units of holdDelay
	role      frame.Role // of this side, for clients mask; never changes
	sent      frame.Code // of the Close frame, which may still wait for its turn; 0 if there's none

	closed *CloseError   // why no message is accepted any more; nil if one is
	idle   chan struct{} // closed when flushing or a message ends; nil if nobody waits
	pings  *pendingPing  // in the order they were sent
}

// A queue has what waits for its turn.
type queue struct {
	lent                   // in tests only
	waiters []*waiter      // who want to begin a message, in order
	posted  []*wire        // by Post
	begun   []byte         // what is left of the first of those, if some of it has gone out
	bytes   int            // that those hold
	pong    *pong          // the latest that couldn't be queued, nil if there's none
	traced  []frame.Header // of frames that were accepted, for Trace.FrameSent
}

// A waiter is somebody who wants to begin a message.
type waiter struct {
	ready   chan struct{} // closed when it's the waiter's turn, or never will be
	granted bool
}

// mayBegin reports whether a message may begin, given its turn.
func (o *outbound) mayBegin() bool {
	return !o.busy && !o.hasPosted() && (o.pend == nil || len(o.pend.p) < chunkMax)
}

func (o *outbound) hasPosted() bool { return o.queue != nil && len(o.queue.posted) > 0 }

func (o *outbound) hasWaiters() bool { return o.queue != nil && len(o.queue.waiters) > 0 }

// pong returns the pong that waits, nil if there's none.
func (o *outbound) pong() *pong {
	if o.queue == nil {
		return nil
	}
	return o.queue.pong
}

// empty reports whether all that was accepted has been sent.
func (o *outbound) empty() bool {
	return !o.flushing && o.pend == nil && o.pong() == nil && !o.hasPosted()
}

// waiting returns the queue, to put something into.
func (o *outbound) waiting() *queue {
	if o.queue == nil {
		o.queue = new(queue)
	}
	return o.queue
}

// free reports whether a message may begin at once.
func (o *outbound) free() bool { return o.closed == nil && !o.hasWaiters() && o.mayBegin() }

// beginMessage waits until a message may begin, and keeps all others from it until
// endMessage. It's called with o.mu held and gives it up while it waits.
func (c *Conn) beginMessage(ctx context.Context) error {
	o := &c.out
	if o.closed != nil {
		return c.refusal()
	}
	if o.free() {
		o.busy = true
		return nil
	}
	w := &waiter{ready: make(chan struct{})}
	q := o.waiting()
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
			c.endMessage()
		}
		return c.refusal()
	case w.granted:
		return nil
	}
	q.waiters = slices.DeleteFunc(q.waiters, func(other *waiter) bool { return other == w })
	return writeRefused(ctx.Err())
}

// endMessage lets the next message begin. It's called with o.mu held.
func (c *Conn) endMessage() {
	o := &c.out
	o.busy, o.streaming = false, false
	if o.hasPosted() {
		c.flushAsync()
	}
	o.signalIdle()
	o.grant()
}

// grant lets the first waiter begin its message, if it may.
func (o *outbound) grant() {
	if !o.hasWaiters() || !o.mayBegin() {
		return
	}
	q := o.queue
	w := q.waiters[0]
	q.waiters = q.waiters[1:]
	o.busy = true // on its behalf
	w.granted = true
	close(w.ready)
}

// refuse makes e the answer to everybody who wants to begin a message.
func (o *outbound) refuse(e *CloseError) {
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
		o.failPings()
		o.signalIdle()
	}
}

// signalIdle lets those go on who wait for the writing, or for a message, to end.
func (o *outbound) signalIdle() {
	if o.idle != nil {
		close(o.idle)
		o.idle = nil
	}
}

// waitChange waits until a write or a message ends, with o.mu held before and after.
func (c *Conn) waitChange(ctx context.Context) error {
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

// waitIdle waits until nobody is writing, with o.mu held before and after.
func (c *Conn) waitIdle(ctx context.Context) error {
	o := &c.out
	for o.flushing && !o.broken {
		if err := c.waitChange(ctx); err != nil {
			return err
		}
	}
	if o.broken {
		return c.refusal()
	}
	return nil
}
