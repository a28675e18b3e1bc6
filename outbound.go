package websocket

import (
	"context"
	"fmt"
	"sync"

	"hawser/websocket/frame"
)

// outbound is the state of writing. Frames are appended to pend, under mu,
// which is never held during a system call. Whoever finds that nobody is
// writing writes all that is pending, also what others append meanwhile.
type outbound struct {
	mu       sync.Mutex
	pend     *chunk        // whole frames, accepted and not yet being written
	last     int           // size of what was pending before
	flushing bool          // somebody is writing
	idle     chan struct{} // closed when that ends; nil if nobody waits
	broken   bool          // nothing can be written any more
	closed   *CloseError   // why no message is accepted any more; nil if one is

	busy      bool      // a message has begun and is not yet accepted to its end
	streaming bool      // and it's one of Writer
	waiters   []*waiter // who want to begin a message, in order

	posted      []*wire // by Post, to go out when it's their turn
	postedBytes int

	coalescer

	pong    []byte // the payload of the latest ping that waits for its answer
	hasPong bool

	sent   frame.Code // of the Close frame, 0 before there is one
	reason string

	pings      *pendingPing // in the order they were sent
	pingSerial uint64
}

// A waiter is somebody who wants to begin a message.
type waiter struct {
	ready   chan struct{} // closed when it's the waiter's turn, or never will be
	granted bool
}

// mayBegin reports whether a message may begin, given its turn.
func (o *outbound) mayBegin() bool {
	return !o.busy && len(o.posted) == 0 && (o.pend == nil || len(o.pend.p) < chunkMax)
}

// free reports whether a message may begin at once.
func (o *outbound) free() bool { return o.closed == nil && len(o.waiters) == 0 && o.mayBegin() }

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
	o.waiters = append(o.waiters, w)
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
	for i := range o.waiters {
		if o.waiters[i] == w {
			o.waiters = append(o.waiters[:i], o.waiters[i+1:]...)
			break
		}
	}
	return fmt.Errorf("websocket: write: %w", ctx.Err())
}

// endMessage lets the next message begin.
func (c *Conn) endMessage() {
	c.out.busy = false
	if len(c.out.posted) > 0 {
		c.flushAsync()
	}
	c.out.grant()
}

// grant lets the first waiter begin its message, if it may.
func (o *outbound) grant() {
	if len(o.waiters) == 0 || !o.mayBegin() {
		return
	}
	w := o.waiters[0]
	o.waiters = o.waiters[1:]
	o.busy = true // on its behalf
	w.granted = true
	close(w.ready)
}

// refuse makes e the answer to everybody who wants to begin a message.
func (o *outbound) refuse(e *CloseError) {
	if o.closed == nil {
		o.closed = e
	}
	for _, w := range o.waiters {
		close(w.ready)
	}
	o.waiters = nil
	if o.broken {
		o.failPings()
		o.signalIdle()
	}
}

// signalIdle lets those go on who wait for the writing to end.
func (o *outbound) signalIdle() {
	if o.idle != nil {
		close(o.idle)
		o.idle = nil
	}
}

// waitIdle waits until nobody is writing, with o.mu held before and after.
func (c *Conn) waitIdle(ctx context.Context) error {
	o := &c.out
	for o.flushing && !o.broken {
		if o.idle == nil {
			o.idle = make(chan struct{})
		}
		ch := o.idle
		o.mu.Unlock()
		var err error
		select {
		case <-ch:
		case <-c.doneOf(ctx):
			err = fmt.Errorf("websocket: write: %w", ctx.Err())
		}
		o.mu.Lock()
		if err != nil {
			return err
		}
	}
	if o.broken {
		return c.refusal()
	}
	return nil
}
