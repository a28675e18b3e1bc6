// Sending, the lower half of it: what is accepted and not yet sent, and why nothing is
// accepted any more. It owns output, which output.mu guards. The frames are made in
// frames.go and written in flush.go.

package websocket

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"hawser/websocket/frame"
	"hawser/websocket/internal/transport"
)

// An outputOwner is what is above the sending half of a connection. output.mu is not
// held while it's called, but for beside, which takes no lock.
type outputOwner interface {
	// beside returns ctx, or the empty context if ctx ends only together with the
	// connection: that ends everything anyway.
	beside(ctx context.Context) context.Context
	// broke is called in a goroutine of its own when nothing can be sent any more.
	broke(e *CloseError)
	// abort ends the connection at once because of err.
	abort(err error)
	// sent is called for each frame that was accepted, if Config.Trace wants to know.
	sent(h frame.Header)
}

// output is what a connection is to send. Frames are appended to pend. Whoever finds that
// nobody is writing writes all that is pending, also what others append meanwhile.
//
// mu guards everything but more and held of the coalescer, which are atomic, and the last
// fields, which never change. It's never held during a call of the transport, or while a
// function of the user runs. Methods that end in Locked are called with it held; their
// comments say if they may give it up meanwhile.
type output struct {
	mu    sync.Mutex
	pend  pending
	queue *queue // nil if nothing ever waited
	coalescer

	flushing  bool        // somebody is writing
	broken    bool        // nothing can be written any more
	busy      bool        // a message has begun and is not yet accepted to its end
	streaming bool        // a frame of that message, not its last, may have gone out
	cut       bool        // the rest of that message is never sent, as the Close frame came first
	closeOut  bool        // the Close frame is pending, or has gone out
	code      frame.Code  // of the Close frame, which may still wait for its turn; 0 if there's none
	closed    *CloseError // why no message is accepted any more; nil if one is

	cfg      *Config
	stream   *transport.Stream
	deflater *deflater // belongs to whoever has the turn to write; nil if messages aren't compressed
	owner    outputOwner
}

// unlock releases mu, and tells the owner of the frames that were accepted.
func (o *output) unlock() {
	if !o.queue.hasTraced() {
		o.mu.Unlock()
		return
	}
	headers := o.queue.traced
	o.queue.traced = nil
	o.mu.Unlock()
	for _, h := range headers {
		o.owner.sent(h)
	}
}

// waitingLocked returns the queue, to put something into it.
func (o *output) waitingLocked() *queue {
	if o.queue == nil {
		o.queue = new(queue)
	}
	return o.queue
}

// mayBeginLocked reports whether the message whose turn it is may begin. Waiters are
// not looked at.
func (o *output) mayBeginLocked() bool {
	return !o.busy && !o.queue.hasPosted() && o.pend.size() < chunkMax
}

// emptyLocked reports whether all that was accepted has been sent.
func (o *output) emptyLocked() bool {
	return !o.flushing && o.pend.b == nil && !o.queue.hasPong() && !o.queue.hasPosted()
}

// grantLocked gives the turn to write to the first waiter, if a message may begin.
func (o *output) grantLocked() {
	if o.queue.hasWaiters() && o.mayBeginLocked() {
		o.busy = true // on behalf of the waiter
		o.queue.grant()
	}
}

// signalLocked wakes the calls that wait in waitChangeLocked.
func (o *output) signalLocked() {
	if o.queue != nil {
		o.queue.signal()
	}
}

// waitChangeLocked waits until somebody's flush or somebody's message ends, or ctx
// does. It gives up o.mu while it waits.
func (o *output) waitChangeLocked(ctx context.Context) error {
	change := o.waitingLocked().change()
	o.mu.Unlock()
	defer o.mu.Lock()
	select {
	case <-change:
		return nil
	case <-o.owner.beside(ctx).Done():
		return writeRefused(ctx.Err())
	}
}

// refuseLocked makes e the error of every call that waits to begin a message, or will
// want to. The first error holds, until decided replaces it.
func (o *output) refuseLocked(e *CloseError) {
	if o.closed == nil {
		o.closed = e
	}
	if o.queue != nil {
		o.queue.wake()
	}
	if o.broken {
		if o.queue != nil {
			o.queue.failPings()
		}
		o.signalLocked()
	}
}

// breakLocked is called when a write failed because of err: whatever has gone out,
// nothing can follow it.
func (o *output) breakLocked(err error) {
	if o.broken {
		return
	}
	o.broken = true
	o.takePendLocked().put()
	if o.queue != nil {
		o.queue.drop()
	}
	e := o.outcomeLocked(err)
	o.refuseLocked(e)
	go o.owner.broke(e) // takes other locks, which must not be taken below this one
}

// outcomeLocked is outcome for callers that hold o.mu.
func (o *output) outcomeLocked(err error) *CloseError {
	e := &CloseError{Code: frame.CodeAbnormal, SentCode: o.code, Local: o.code != 0, Err: err}
	if o.closed != nil {
		e.SentReason = o.closed.SentReason
	}
	return e
}

// ctxErr returns the error of a call whose context has ended, nil if it hasn't or if the
// connection has ended with it, which is told otherwise.
func (o *output) ctxErr(ctx context.Context) error {
	if err := o.owner.beside(ctx).Err(); err != nil {
		return writeRefused(err)
	}
	return nil
}

func writeRefused(err error) error { return fmt.Errorf("websocket: write: %w", err) }

// writeErrorLocked is what the user gets for err of the transport.
func (o *output) writeErrorLocked(ctx context.Context, err error) error {
	if ctxErr := ctx.Err(); ctxErr != nil && errors.Is(err, ctxErr) {
		return fmt.Errorf("websocket: write: cut off in the midst of a message: %w", ctxErr)
	}
	return o.closed
}

// takePendLocked returns what is pending, for the caller to write.
func (o *output) takePendLocked() *chunk {
	o.coalescer.taken()
	return o.pend.take()
}
