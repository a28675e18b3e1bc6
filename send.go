// Sending, messages that are there as a whole: each of them takes the turn to write, makes
// its frames pending, and has them written.

package websocket

import (
	"context"

	"hawser/websocket/frame"
)

// write is [Conn.Write].
func (o *outbound) write(ctx context.Context, t MessageType, p []byte) error {
	if !t.valid() {
		return errType(t)
	}
	if ctx.Err() != nil { // ctxErr, without a call
		if err := o.ctxErr(ctx); err != nil {
			return err
		}
	}
	compressed := o.deflater.compresses(t, len(p))
	if compressed && len(p) > copyMax {
		return o.writeParts(ctx, t, p)
	}
	h := frame.Header{Fin: true, Opcode: t.opcode()}
	o.mu.Lock()
	switch {
	case compressed || len(p) > copyMax || !o.freeLocked():
		return o.writeMessageLocked(ctx, &h, p, compressed)
	case !o.joins(o.pend.size(), len(p)):
		return o.writeSmallLocked(ctx, &h, p)
	}
	b := o.pend.b
	b.p = b.p[:len(h.AppendFrame(b.p, p))]
	o.mu.Unlock()
	return nil
}

// writeSmallLocked is write of most messages, and needs little stack: the goroutines of
// many connections get by with their first. It gives up o.mu for good.
func (o *outbound) writeSmallLocked(ctx context.Context, h *frame.Header, p []byte) error {
	defer o.unlock()
	if err := o.appendFrameLocked(h, p); err != nil || o.holdLocked() {
		return err
	}
	return o.flushLocked(ctx)
}

// writeMessageLocked is write of all others. It gives up o.mu for good.
func (o *outbound) writeMessageLocked(ctx context.Context, h *frame.Header, p []byte, compressed bool) error {
	defer o.unlock()
	if err := o.beginMessageLocked(ctx); err != nil {
		return err
	}
	if !compressed && len(p) > copyMax {
		defer o.endMessageLocked()
		return o.writeLongLocked(ctx, *h, p, true)
	}
	err := o.appendMessageLocked(h, p, compressed)
	o.endMessageLocked() // it's accepted; others may begin theirs while it goes out
	if err != nil {
		return err
	}
	return o.submitLocked(ctx)
}

// accept is write that waits only until the message may begin, and then leaves what
// the peer doesn't take at once to a goroutine. So ctx never cuts a frame in two.
func (o *outbound) accept(ctx context.Context, t MessageType, p []byte) error {
	if !t.valid() {
		return errType(t)
	}
	h := frame.Header{Fin: true, Opcode: t.opcode()}
	o.mu.Lock()
	defer o.unlock()
	if err := o.beginMessageLocked(ctx); err != nil {
		return err
	}
	err := o.appendMessageLocked(&h, p, o.deflater.compresses(t, len(p)))
	o.endMessageLocked()
	if err == nil && !o.holdLocked() {
		o.flushAsyncLocked()
	}
	return err
}

// writeBatch is [Conn.WriteBatch].
func (o *outbound) writeBatch(ctx context.Context, messages []Message) error {
	for _, m := range messages {
		if !m.Type.valid() {
			return errType(m.Type)
		}
	}
	if err := o.ctxErr(ctx); err != nil {
		return err
	}
	o.mu.Lock()
	defer o.unlock()
	for _, m := range messages {
		if err := o.joinBatchLocked(ctx, m); err != nil {
			o.flushAsyncLocked() // those before it are accepted
			return err
		}
	}
	return o.submitLocked(ctx)
}

// joinBatchLocked makes m pending, behind the other messages of a batch. It writes
// only what has become too much to be kept. It gives up o.mu while it waits.
func (o *outbound) joinBatchLocked(ctx context.Context, m Message) error {
	n := len(m.Data)
	h := frame.Header{Fin: true, Opcode: m.Type.opcode()}
	compressed, long := o.deflater.compresses(m.Type, n), n > copyMax
	full := o.pend.b != nil && o.pend.size()+frame.MaxHeaderSize+n > chunkMax
	if !o.freeLocked() || !long && full || long && compressed {
		if err := o.flushLocked(ctx); err != nil { // the batch may have to wait now
			return err
		}
	}
	if long {
		defer o.mu.Lock()
		if compressed {
			o.unlock()
			return o.writeParts(ctx, m.Type, m.Data)
		}
		return o.writeMessageLocked(ctx, &h, m.Data, false) // takes along what is pending
	}
	if !o.freeLocked() {
		if err := o.beginMessageLocked(ctx); err != nil {
			return err
		}
		defer o.endMessageLocked()
	}
	return o.appendMessageLocked(&h, m.Data, compressed)
}

// sendPrepared is [Conn.Send], of the form that m has here.
func (o *outbound) sendPrepared(ctx context.Context, w *wire) error {
	if err := o.ctxErr(ctx); err != nil {
		return err
	}
	o.mu.Lock()
	defer o.unlock()
	if err := o.beginMessageLocked(ctx); err != nil {
		return err
	}
	h := w.header()
	w.countsFor(o.deflater)
	if len(w.payload()) > copyMax {
		defer o.endMessageLocked()
		err := o.writeLongLocked(ctx, h, w.payload(), true)
		if err != nil && w.tail != nil {
			o.deflater.Reset() // nothing can refer to what isn't sent
		}
		return err
	}
	err := o.appendFrameLocked(&h, w.payload())
	o.endMessageLocked()
	if err != nil {
		return err
	}
	return o.submitLocked(ctx)
}

// post is [Conn.Post], of the form that m has here.
func (o *outbound) post(w *wire) error {
	o.mu.Lock()
	defer o.unlock()
	if o.closed != nil {
		return o.closed
	}
	q := o.waitingLocked()
	if q.hasPosted() && q.bytes > o.cfg.MaxQueue-w.held() {
		return ErrQueueFull
	}
	q.post(w)
	o.flushSoonLocked()
	return nil
}
