// Receiving, the API to read whole messages. The work is done below it, in inbound.go.

package websocket

import (
	"bytes"
	"context"
	"iter"

	"hawser/websocket/frame"
)

// Read returns the next message. The slice is a part of the read buffer: it's
// valid until the next call of Read, Reader or Messages; its bytes may be
// changed. [Conn.ReadAppend] and [Message.Clone] are for what you want to keep. A
// slice that was kept without them is found only by running with -race, whose report
// names messageUsedAfterNextRead, or with -tags poison, where it says so itself.
//
// When ctx ends first, the error matches ctx.Err() and the connection stays as
// it is: the next call goes on where this one stopped, also in the middle of a
// message. Every other error but [ErrConcurrentRead] is a *[CloseError] and
// final. Text is valid UTF-8 (RFC 6455 sections 5.4, 5.6 and 8.1).
func (c *Conn) Read(ctx context.Context) (MessageType, []byte, error) {
	in := &c.in
	if !in.reading.CompareAndSwap(false, true) { // lockRead, without a call
		return 0, nil, c.readBusy()
	}
	if c.err.Load() != nil || c.ctxErr(ctx) != nil {
		return 0, nil, c.readOver(ctx)
	}
	c.recall()
	if in.end || in.streaming {
		in.ctx = ctx
		if err := c.skipMessage(); err != nil {
			return c.readFailed(err)
		}
	}
	if in.typ == 0 && in.control == 0 && c.cfg.Trace == nil {
		if c.rd.Buffered() == 0 {
			in.ctx = ctx
			if err := c.rd.Fill(); err != nil {
				return c.readFailed(err)
			}
		}
		if op, p, ok := c.rd.Whole(); ok { // as most messages are
			in.active = true
			if int64(len(p)) > in.max.Load() || op == frame.Text && !validText(p) {
				in.ctx = ctx
				return c.readFailed(c.wholeError(p))
			}
			c.returns()
			c.lend(p)
			c.unlockRead()
			return MessageType(op), p, nil
		}
	}
	in.ctx = ctx
	p, err := c.readMessage()
	if err != nil {
		return c.readFailed(err)
	}
	t := in.typ
	c.lend(p)
	c.unlockRead()
	return t, p, nil
}

// ReadAppend is [Conn.Read] for whoever keeps the message, or hands it to another
// goroutine: it appends a copy of the message to dst and returns the extended slice,
// which belongs to the caller. With a nil dst that's a slice of its own; with one that
// is reused, as in dst[:0], nothing is allocated once it's long enough. With an error
// it returns dst as it is.
func (c *Conn) ReadAppend(ctx context.Context, dst []byte) (MessageType, []byte, error) {
	t, p, err := c.Read(ctx)
	if err != nil {
		return 0, dst, err
	}
	if dst == nil {
		return t, bytes.Clone(p), nil
	}
	return t, append(dst, p...), nil
}

// Messages returns an iterator over the messages to come. A message's data is
// valid until the loop goes on: see [Conn.Read]. The loop ends by itself when
// the connection was closed with [frame.CodeNormal], [frame.CodeGoingAway] or no
// code; every other error is yielded, and ends it.
func (c *Conn) Messages(ctx context.Context) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		for {
			t, p, err := c.Read(ctx)
			if err != nil {
				if ce, ok := err.(*CloseError); !ok || !ce.normal() {
					yield(Message{}, err)
				}
				return
			}
			if !yield(Message{t, p}, nil) {
				return
			}
		}
	}
}
