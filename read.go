// Receiving, the API to read whole messages: it takes the reading role, has inbound.go do
// the work, and makes of its errors what the user gets, and the end of the connection.

package websocket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

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
	if !in.role.take() { // lockRead, without a call
		return 0, nil, c.readBusy()
	}
	if c.end.err.Load() != nil || ctx.Err() != nil {
		return 0, nil, c.readOver(ctx)
	}
	in.recall()
	if in.end || in.streaming {
		in.ctx = ctx
		if err := in.skipMessage(); err != nil {
			return c.readFailed(err)
		}
	}
	if in.typ == 0 && in.control == 0 && in.cfg.Trace == nil {
		if in.rd.Buffered() == 0 {
			in.ctx = ctx
			if err := in.rd.Fill(); err != nil {
				return c.readFailed(err)
			}
		}
		if op, p, ok := in.rd.Whole(); ok { // as most messages are
			in.active = true
			if int64(len(p)) > in.max.Load() || op == frame.Text && !validText(p) {
				in.ctx = ctx
				return c.readFailed(in.wholeError(p))
			}
			return MessageType(op), c.returns(p), nil
		}
	}
	in.ctx = ctx
	p, err := in.readMessage()
	if err != nil {
		return c.readFailed(err)
	}
	t := in.typ
	return t, c.returns(p), nil
}

// returns gives up the reading role and returns p, a whole message, for the caller to
// look at until the next read.
func (c *Conn) returns(p []byte) []byte {
	in := &c.in
	in.tried = false
	c.out.setMore(c.hasMore())
	in.lend(p)
	in.unlock()
	return p
}

// hasMore reports whether the next message has arrived, or has begun to if the
// transport is one where what's held back can be sent without waiting for the peer.
func (c *Conn) hasMore() bool {
	return c.in.rd.Buffered() > 0 && (c.out.stream.Tries() || c.in.rd.Ready())
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

// lockRead takes the reading role, or returns why no read can begin. The user who
// calls gives up every slice of an earlier message.
func (c *Conn) lockRead(ctx context.Context) error {
	if !c.in.role.take() {
		return c.readBusy()
	}
	if c.end.err.Load() != nil || ctx.Err() != nil {
		return c.readOver(ctx)
	}
	return nil
}

// readBusy returns the error of a call that can't have the reading role, as another
// has it. If that one is Close, it waits for the end of the connection.
func (c *Conn) readBusy() error {
	if c.in.role.isWanted() {
		<-c.Done() // Close reads, and is bounded
		return c.end.err.Load()
	}
	return ErrConcurrentRead
}

// readOver gives up the reading role, and returns why no read can begin: the
// connection has ended, or ctx has.
func (c *Conn) readOver(ctx context.Context) error {
	defer c.in.unlock()
	if e := c.end.err.Load(); e != nil {
		return e
	}
	return fmt.Errorf("websocket: read: %w", ctx.Err())
}

// readFailed gives up the reading role after err, and returns what Read returns.
func (c *Conn) readFailed(err error) (MessageType, []byte, error) {
	err = c.readError(err)
	c.in.unlock()
	return 0, nil, err
}

// readError turns an error of step into what the user gets, and ends the
// connection unless it was only the user's context.
func (c *Conn) readError(err error) error {
	if ctxErr := c.in.ctx.Err(); ctxErr != nil && c.end.err.Load() == nil && (err == ctxErr || isTimeout(err)) {
		return fmt.Errorf("websocket: read: %w", ctxErr)
	}
	breach, broken := err.(*frame.Error)
	switch {
	case err == errHalfClosed:
		return err
	case err == errEnded:
	case broken:
		c.end.fail(breach)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		c.end.streamEnded(io.ErrUnexpectedEOF)
	default:
		c.end.lost(err)
	}
	c.in.free()
	return c.end.err.Load()
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout() || errors.Is(err, os.ErrDeadlineExceeded)
}
