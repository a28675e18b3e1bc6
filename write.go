// Sending: the API to write whole messages, and the work below it, which makes frames
// of them. It works under outbound.mu, and leaves writing to flush.go.

package websocket

import (
	"context"
	"errors"
	"fmt"

	"hawser/websocket/frame"
)

// Write writes p as one message. When it returns nil the message is accepted: it
// goes out in order, together with others if somebody is writing already; an error
// that comes up then is returned by later calls. p is not kept and not changed. That
// a text is UTF-8 is up to the caller; a peer will close the connection if it isn't
// (RFC 6455 section 5.6).
//
// A message of more than 64 KiB goes out in frames of that size or a little more, so
// that pings are answered in between (RFC 6455 section 5.4), and a Close frame cuts
// it short. One that is compressed goes out in one frame as long as that one is
// shorter.
//
// While a message from [Conn.Writer] is unfinished, Write waits for its end, and
// when much is waiting to be written, for the peer. If ctx ends before the
// message began to go out, the connection stays as it is. If it ends in the
// midst of it, the connection is broken and ends, as no frame can follow a half
// one. After [Conn.Close] and at the end of the connection, the error is a
// *[CloseError].
func (c *Conn) Write(ctx context.Context, t MessageType, p []byte) error {
	if !t.valid() {
		return errType(t)
	}
	if err := c.ctxErr(ctx); err != nil {
		return writeRefused(err)
	}
	compressed := c.compresses(t, len(p))
	if compressed && len(p) > copyMax {
		return c.writeParts(ctx, t, p)
	}
	h := frame.Header{Fin: true, Opcode: t.opcode()}
	o := &c.out
	o.mu.Lock()
	switch {
	case compressed || len(p) > copyMax || !o.freeLocked():
		return c.writeMessageLocked(ctx, &h, p, compressed)
	case !o.joinsLocked(len(p)):
		return c.writeSmallLocked(ctx, &h, p)
	}
	b := o.pend
	b.p = b.p[:len(h.AppendFrame(b.p, p))]
	o.mu.Unlock()
	return nil
}

// writeSmallLocked is Write of most messages, and needs little stack: the goroutines of
// many connections get by with their first. It's called with o.mu held and gives it
// up.
func (c *Conn) writeSmallLocked(ctx context.Context, h *frame.Header, p []byte) error {
	defer c.unlockOut()
	if err := c.appendFrameLocked(h, p); err != nil || c.holdLocked() {
		return err
	}
	return c.flushLocked(ctx)
}

// writeMessageLocked is Write of all others. It's called with o.mu held and gives it
// up.
func (c *Conn) writeMessageLocked(ctx context.Context, h *frame.Header, p []byte, compressed bool) error {
	defer c.unlockOut()
	if err := c.beginMessageLocked(ctx); err != nil {
		return err
	}
	var err error
	switch {
	case compressed:
		err = c.appendCompressedLocked(h, p)
	case len(p) > copyMax:
		defer c.endMessageLocked()
		return c.writeLongLocked(ctx, *h, p, true)
	default:
		err = c.appendFrameLocked(h, p)
	}
	c.endMessageLocked() // it's accepted; others may begin theirs while it goes out
	if err != nil {
		return err
	}
	return c.submitLocked(ctx)
}

// writeParts is Write for a message that is not to be compressed as a whole, as
// that could take long and much memory.
func (c *Conn) writeParts(ctx context.Context, t MessageType, p []byte) error {
	w, err := c.Writer(ctx, t)
	if err != nil {
		return err
	}
	if _, err := w.Write(p); err != nil {
		return err
	}
	return w.Close()
}

// appendFrameLocked appends a frame to what is to be written. It's called with o.mu
// held.
func (c *Conn) appendFrameLocked(h *frame.Header, p []byte) error {
	if err := c.mask(h); err != nil {
		return err
	}
	b := c.growLocked(frame.MaxHeaderSize + len(p))
	b.p = h.AppendFrame(b.p, p)
	c.traceSentLocked(h)
	return nil
}

// growLocked returns what is pending, with room for n more bytes. It's called with o.mu
// held.
func (c *Conn) growLocked(n int) *chunk {
	o := &c.out
	if o.pend == nil {
		o.pend = getChunk(int(o.last)) // as much as the last time
	}
	if cap(o.pend.p)-len(o.pend.p) < n {
		o.pend = o.pend.grow(n)
	}
	return o.pend
}

// queueLocked is appendFrameLocked for frames that nobody waits for to be accepted.
// It's called with o.mu held.
func (c *Conn) queueLocked(h frame.Header, p []byte) {
	if err := c.appendFrameLocked(&h, p); err != nil {
		c.breakWriteLocked(err)
	}
}

// mask gives h a fresh key if this side has to mask (RFC 6455 section 5.3).
func (c *Conn) mask(h *frame.Header) (err error) {
	if c.out.role == frame.Client {
		h.Masked = true
		h.Key, err = newMaskKey()
	}
	return err
}

// frameMax is the size of the frames that a long message is cut into, in bytes. A
// ping that comes in the midst of it is answered after that much at the latest: it
// has to be small for slow links, and large for what each system call costs.
const frameMax = 128 << 10

// frameSize is frameMax for c: clients mask a copy, which has to fit into a chunk.
func (c *Conn) frameSize() int {
	if c.out.role == frame.Client {
		return chunkMax - frame.MaxHeaderSize
	}
	return frameMax
}

// appendLongLocked makes the next frame of a long message pending, of which p is left.
// The last frame is the final one if fin is set. Of the frame's payload it only copies
// what has to be, and returns the rest of it as ref, which is to be sent right behind
// what's pending. It returns what is left of p after that frame, nil at the end, and
// changes h into the header of the next. It's called with o.mu held.
func (c *Conn) appendLongLocked(h *frame.Header, p []byte, text, fin bool) (ref, rest []byte, err error) {
	part := p
	if n := c.frameSize(); len(p) > n {
		part = p[:n]
		if text {
			part = part[:cutText(part)]
		}
		rest = p[len(part):]
	}
	h.Fin, h.Length = fin && rest == nil, int64(len(part))
	n := len(part)
	switch pend := c.out.pend; {
	case c.out.role == frame.Client: // masked in the copy
	case c.sock.ok():
		n = 0
	case pend != nil:
		n = min(n, max(maxRecord-frame.MaxHeaderSize-len(pend.p), 0))
	default:
		n = min(n, maxRecord-frame.MaxHeaderSize)
	}
	if err := c.mask(h); err != nil {
		return nil, nil, err
	}
	b := c.growLocked(frame.MaxHeaderSize + n)
	at := len(h.Append(b.p))
	b.p = append(h.Append(b.p), part[:n]...)
	if h.Masked {
		frame.Mask(b.p[at:], h.Key, 0)
	}
	c.traceSentLocked(h)
	h.Opcode, h.Rsv = frame.Continuation, 0
	return part[n:], rest, nil
}

// writeLongLocked writes p as the frames of a message that has begun, by reference. The
// last one is the final one of the message if fin is set. It's called with o.mu held,
// and gives it up while it writes.
func (c *Conn) writeLongLocked(ctx context.Context, h frame.Header, p []byte, fin bool) error {
	o := &c.out
	text, began := h.Opcode == frame.Text, o.streaming
	for {
		if err := c.waitIdleLocked(ctx); err != nil {
			if began && ctx.Err() != nil {
				c.breakWriteLocked(ctx.Err())
			}
			return err
		}
		if o.cut || o.closed != nil && !began {
			c.flushAsyncLocked() // the Close frame, which has come meanwhile
			return c.refusalLocked()
		}
		c.queuePongLocked()
		ref, rest, err := c.appendLongLocked(&h, p, text, fin)
		if err != nil {
			return err
		}
		b := batch{own: o.takePendLocked(), ref: ref}
		o.flushing, o.streaming = true, o.streaming || rest != nil
		o.mu.Unlock()
		err = c.send(ctx, b)
		o.mu.Lock()
		c.endFlushLocked(b, err)
		if err != nil {
			return c.writeErrorLocked(ctx, err)
		}
		if rest == nil {
			c.flushAsyncLocked() // control frames that came in between
			return nil
		}
		p, began = rest, true
	}
}

// breakWriteLocked is called with o.mu held when a write failed: whatever has gone
// out, nothing can follow it.
func (c *Conn) breakWriteLocked(err error) {
	o := &c.out
	if o.broken {
		return
	}
	o.broken = true
	o.takePendLocked().put()
	o.dropPostedLocked()
	e := c.closeErrorLocked(err)
	o.refuseLocked(e)
	go c.writingBroke(e) // takes another lock, which must not be taken below this one
}

func writeRefused(err error) error { return fmt.Errorf("websocket: write: %w", err) }

// writeErrorLocked is what the user gets for err of the transport. It's called with
// o.mu held.
func (c *Conn) writeErrorLocked(ctx context.Context, err error) error {
	if ctxErr := ctx.Err(); ctxErr != nil && errors.Is(err, ctxErr) {
		return fmt.Errorf("websocket: write: cut off in the midst of a message: %w", ctxErr)
	}
	return c.refusalLocked()
}

// refusalLocked is the error of a call that wants to write after the end. It's called
// with o.mu held.
func (c *Conn) refusalLocked() error {
	if e := c.err.Load(); e != nil {
		return e
	}
	return c.out.closed
}
