// Sending, the API for several messages at once.

package websocket

import (
	"context"

	"hawser/websocket/frame"
)

// WriteBatch writes messages, in their order, as that many calls of [Conn.Write] would,
// but sends them together: in one system call, and over TLS in one record of up to 16
// KiB, for each 64 KiB of frames. It's for who has several messages to send at once: a
// publisher that has fallen behind, a client that subscribes to much at its start.
// The data of none is kept or changed.
//
// Messages of other goroutines may come in between. As with Write, a batch that is much
// waits for the peer, and for a message from [Conn.Writer] to end.
//
// If a type is not one of a message, nothing is written. After any other error some of
// the messages, the first ones, may have been accepted and go out whole; if ctx ended
// before the next began to go out, the connection stays as it is.
func (c *Conn) WriteBatch(ctx context.Context, messages ...Message) error {
	for _, m := range messages {
		if !m.Type.valid() {
			return errType(m.Type)
		}
	}
	if err := c.ctxErr(ctx); err != nil {
		return writeRefused(err)
	}
	c.out.mu.Lock()
	defer c.unlockOut()
	for _, m := range messages {
		if err := c.appendMessageLocked(ctx, m); err != nil {
			c.flushAsyncLocked() // those before it are accepted
			return err
		}
	}
	return c.submitLocked(ctx)
}

// appendMessageLocked makes m pending, behind the other messages of a batch. It writes
// only what has become too much to be kept. It's called with o.mu held, and gives it up
// while it waits.
func (c *Conn) appendMessageLocked(ctx context.Context, m Message) error {
	o := &c.out
	n := len(m.Data)
	h := frame.Header{Fin: true, Opcode: m.Type.opcode()}
	compressed, long := c.compresses(m.Type, n), n > copyMax
	full := o.pend != nil && len(o.pend.p)+frame.MaxHeaderSize+n > chunkMax
	if !o.freeLocked() || !long && full || long && compressed {
		if err := c.flushLocked(ctx); err != nil { // the batch may have to wait now
			return err
		}
	}
	if long {
		defer o.mu.Lock()
		if compressed {
			c.unlockOut()
			return c.writeParts(ctx, m.Type, m.Data)
		}
		return c.writeMessageLocked(ctx, &h, m.Data, false) // takes along what is pending
	}
	if !o.freeLocked() {
		if err := c.beginMessageLocked(ctx); err != nil {
			return err
		}
		defer c.endMessageLocked()
	}
	if compressed {
		return c.appendCompressedLocked(&h, m.Data)
	}
	return c.appendFrameLocked(&h, m.Data)
}
