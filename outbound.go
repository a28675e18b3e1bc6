// Sending, the upper half of it: whose turn it is to begin a message, and what the end of
// the connection does to those who want to. It owns outbound, which output.mu guards. What
// is accepted is for the lower half, in output.go, to send.

package websocket

import "context"

// outbound is the sending half of a connection: the output, and who may put messages into
// it. Its methods are those of the API that write; they know no Conn.
type outbound struct{ output }

// freeLocked reports whether a message may begin at once.
func (o *outbound) freeLocked() bool {
	return o.closed == nil && !o.queue.hasWaiters() && o.mayBeginLocked()
}

// closing reports whether this side has sent a Close frame, or can't any more.
func (o *outbound) closing() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.code != 0 || o.broken
}

// waitIdleLocked waits until nobody writes to the transport, or nobody can any more. It
// gives up o.mu while it waits.
func (o *outbound) waitIdleLocked(ctx context.Context) error {
	for o.flushing && !o.broken {
		if err := o.waitChangeLocked(ctx); err != nil {
			return err
		}
	}
	if o.broken {
		return o.closed
	}
	return nil
}

// decided makes e, which is how the connection ends, the error of every call that waits
// to begin a message, or will want to. What was accepted is still being sent.
func (o *outbound) decided(e *CloseError) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = e
	o.refuseLocked(e)
}

// cutOff is called when the transport has been closed.
func (o *outbound) cutOff(e *CloseError) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.broken = true
	o.refuseLocked(e)
}

// ended is called when the connection is over.
func (o *outbound) ended(e *CloseError) {
	o.mu.Lock()
	o.refuseLocked(e)
	if o.queue != nil {
		o.queue.failPings()
	}
	o.coalescer.stop()
	o.mu.Unlock()
	o.stream.StopLimit()
}

// outcome returns how the connection ends if err ends it now, before the peer's Close
// frame has come.
func (o *outbound) outcome(err error) *CloseError {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.outcomeLocked(err)
}

// brokeBefore returns why nothing can be sent any more, nil if something can.
func (o *outbound) brokeBefore() *CloseError {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.broken {
		return nil
	}
	return o.closed
}
