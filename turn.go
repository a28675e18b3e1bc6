// Sending, the turn to write: a message has it from its beginning until it's accepted to
// its end, so no other begins in between. Long messages keep it while they are written,
// frame by frame.

package websocket

import (
	"context"

	"hawser/websocket/frame"
)

// beginMessageLocked takes the turn to write: it waits until a message may begin, and
// keeps all others from beginning until endMessageLocked. It returns an error, without
// the turn, if ctx ends first or no message is accepted any more. It gives up o.mu while
// it waits.
func (o *outbound) beginMessageLocked(ctx context.Context) error {
	if o.closed != nil {
		return o.closed
	}
	if o.freeLocked() {
		o.busy = true
		return nil
	}
	w := o.waitingLocked().wait()
	o.mu.Unlock()
	select {
	case <-w.ready:
	case <-o.owner.beside(ctx).Done():
	}
	o.mu.Lock()
	switch {
	case o.closed != nil:
		if w.granted {
			o.endMessageLocked()
		}
		return o.closed
	case w.granted:
		return nil
	}
	o.queue.leave(w)
	return writeRefused(ctx.Err())
}

// endMessageLocked gives up the turn to write, so that the next message may begin. It may
// give up o.mu meanwhile.
func (o *outbound) endMessageLocked() {
	o.busy, o.streaming = false, false
	if o.queue.hasPosted() {
		o.flushAsyncLocked()
	}
	o.signalLocked()
	o.grantLocked()
}

// writeLongLocked writes p as the frames of a message that has begun, by reference. The
// last one is the final one of the message if fin is set. It gives up o.mu while it
// writes.
func (o *outbound) writeLongLocked(ctx context.Context, h frame.Header, p []byte, fin bool) error {
	text, began := h.Opcode == frame.Text, o.streaming
	for {
		if err := o.waitIdleLocked(ctx); err != nil {
			if began && ctx.Err() != nil {
				o.breakLocked(ctx.Err())
			}
			return err
		}
		if o.cut || o.closed != nil && !began {
			o.flushAsyncLocked() // the Close frame, which has come meanwhile
			return o.closed
		}
		o.queuePongLocked()
		ref, rest, err := o.appendLongLocked(&h, p, text, fin)
		if err != nil {
			return err
		}
		b := batch{own: o.takePendLocked(), ref: ref}
		o.flushing, o.streaming = true, o.streaming || rest != nil
		o.mu.Unlock()
		err = o.send(ctx, b)
		o.mu.Lock()
		o.endFlushLocked(b, err)
		if err != nil {
			return o.writeErrorLocked(ctx, err)
		}
		if rest == nil {
			o.flushAsyncLocked() // control frames that came in between
			return nil
		}
		p, began = rest, true
	}
}
