package websocket

import (
	"context"
	"errors"
	"fmt"

	"hawser/websocket/frame"
)

// Write writes p as one message in one frame, or in several if it's compressed
// and longer than 16 KiB. When it returns nil the message
// is accepted: it goes out in order, together with others if somebody is
// writing already; an error that comes up then is returned by later calls. p is
// not kept and not changed. That a text is UTF-8 is up to the caller; a peer
// will close the connection if it isn't (RFC 6455 section 5.6).
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
	case compressed || len(p) > copyMax || !o.free():
		return c.writeMessage(ctx, &h, p, compressed)
	case !o.joins(len(p)):
		return c.writeSmall(ctx, &h, p)
	}
	b := o.pend
	b.p = b.p[:len(h.AppendFrame(b.p, p))]
	o.mu.Unlock()
	return nil
}

// writeSmall is Write of most messages, and needs little stack: the goroutines of
// many connections get by with their first. It's called with o.mu held and gives it
// up.
func (c *Conn) writeSmall(ctx context.Context, h *frame.Header, p []byte) error {
	defer c.out.mu.Unlock()
	if err := c.appendFrame(h, p); err != nil || c.hold() {
		return err
	}
	return c.flush(ctx)
}

// writeMessage is Write of all others.
func (c *Conn) writeMessage(ctx context.Context, h *frame.Header, p []byte, compressed bool) error {
	defer c.out.mu.Unlock()
	if err := c.beginMessage(ctx); err != nil {
		return err
	}
	var err error
	switch {
	case compressed:
		err = c.appendCompressed(h, p)
	case len(p) > copyMax:
		defer c.endMessage()
		return c.writeLarge(ctx, *h, p)
	default:
		err = c.appendFrame(h, p)
	}
	c.endMessage() // it's accepted; others may begin theirs while it goes out
	if err != nil {
		return err
	}
	return c.submit(ctx)
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

// appendFrame appends a frame to what is to be written.
func (c *Conn) appendFrame(h *frame.Header, p []byte) error {
	o := &c.out
	if c.role == frame.Client {
		if err := c.mask(h); err != nil {
			return err
		}
	}
	b := o.pend
	if b == nil {
		b = getChunk(o.last) // as much as the last time
	}
	if cap(b.p)-len(b.p) < frame.MaxHeaderSize+len(p) {
		b = b.grow(frame.MaxHeaderSize + len(p))
	}
	b.p = h.AppendFrame(b.p, p)
	o.pend = b
	c.traceSent(h)
	return nil
}

// queue is appendFrame for frames that nobody waits for to be accepted.
func (c *Conn) queue(h frame.Header, p []byte) {
	if err := c.appendFrame(&h, p); err != nil {
		c.breakWrite(err)
	}
}

// mask gives h a fresh key if this side has to mask (RFC 6455 section 5.3).
func (c *Conn) mask(h *frame.Header) (err error) {
	if c.role == frame.Client {
		h.Masked = true
		h.Key, err = newMaskKey()
	}
	return err
}

// writeLarge writes a frame that is too long to be copied as a whole, of a
// message that has begun. It's called with o.mu held, and gives it up while it
// writes.
func (c *Conn) writeLarge(ctx context.Context, h frame.Header, p []byte) error {
	o := &c.out
	if err := c.waitIdle(ctx); err != nil {
		return err
	}
	if o.closed != nil {
		return c.refusal() // a Close frame may have gone out meanwhile
	}
	h.Length = int64(len(p))
	if err := c.mask(&h); err != nil {
		return err
	}
	c.traceSent(&h)
	before := o.takePend()
	o.flushing = true
	o.mu.Unlock()
	err := c.sendLarge(ctx, before, h, p)
	o.mu.Lock()
	c.endFlush(batch{}, err)
	if err != nil {
		return c.writeError(ctx, err)
	}
	c.flushAsync() // control frames that came in between
	return nil
}

func (c *Conn) sendLarge(ctx context.Context, before *chunk, h frame.Header, p []byte) error {
	if !h.Masked && c.sock.ok() { // nothing to change, so nothing to copy
		b := before
		if b == nil {
			b = getChunk(0)
		}
		b = b.grow(frame.MaxHeaderSize)
		defer b.put()
		b.p = h.Append(b.p)
		return c.send(ctx, b.p, p)
	}
	b := getChunk(chunkMax)
	defer func() { b.put() }()
	if before != nil {
		b = b.grow(len(before.p) + frame.MaxHeaderSize)
		b.p = append(b.p, before.p...)
		before.put()
	}
	b.p = h.Append(b.p)
	for pos := 0; ; {
		part := p[pos:min(len(p), pos+chunkMax-min(len(b.p), chunkMax/2))]
		b.p = append(b.p, part...)
		if h.Masked {
			frame.Mask(b.p[len(b.p)-len(part):], h.Key, pos)
		}
		pos += len(part)
		if err := c.send(ctx, nil, b.p); err != nil {
			return err
		}
		b.p = b.p[:0]
		if pos == len(p) {
			return nil
		}
		if !h.Masked {
			return c.send(ctx, nil, p[pos:])
		}
	}
}

// breakWrite is called with o.mu held when a write failed: whatever has gone
// out, nothing can follow it. The peer may have sent its reasons, so reading
// can go on for a while; but not if it's just not taking anything.
func (c *Conn) breakWrite(err error) {
	o := &c.out
	if o.broken {
		return
	}
	o.broken = true
	o.takePend().put()
	o.dropPosted()
	e := c.closeErrorLocked(err)
	o.refuse(e)
	if errors.Is(err, ErrWriteTimeout) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		c.setErr(e)
		go c.shut() // takes the lock itself
		return
	}
	c.afterCloseTimeout(func() {
		c.setErr(e)
		c.shut()
	})
}

func writeRefused(err error) error { return fmt.Errorf("websocket: write: %w", err) }

// writeError is what the user gets for err of the transport.
func (c *Conn) writeError(ctx context.Context, err error) error {
	if ctxErr := ctx.Err(); ctxErr != nil && errors.Is(err, ctxErr) {
		return fmt.Errorf("websocket: write: cut off in the midst of a frame: %w", ctxErr)
	}
	return c.refusal()
}

// refusal is the error of who wants to write after the end, which is called
// with o.mu held.
func (c *Conn) refusal() error {
	if e := c.err.Load(); e != nil {
		return e
	}
	return c.out.closed
}
