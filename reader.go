// Receiving, the API for messages in pieces. Each call takes the reading role, and
// gives it up before a function of the user runs.

package websocket

import (
	"context"
	"errors"
	"io"
)

// errStale is what a reader of a message gets when the next message has been
// asked for.
var errStale = errors.New("websocket: this message was given up for the next one")

// Reader returns the type of the next message and a reader of its payload, for
// messages that are too long to hold, or that are to be looked at as they
// arrive. The reader returns [io.EOF] at the end of the message; other errors
// are as those of [Conn.Read]. It's good until the next call of Read, Reader or
// Messages, which skips what is left of the message. ctx is also for the reads
// from it. The reader is an [io.WriterTo] that doesn't copy.
//
// The bytes of a text are checked as they arrive, but a piece may end inside of
// a character.
func (c *Conn) Reader(ctx context.Context) (MessageType, io.Reader, error) {
	r := new(messageReader)
	t, err := c.beginReader(ctx, r, false)
	if err != nil {
		return 0, nil, err
	}
	return t, r, nil
}

// beginReader makes r the reader of the next message. A stream has no limits, and
// leaves the peer's half-close to be answered later.
func (c *Conn) beginReader(ctx context.Context, r *messageReader, stream bool) (MessageType, error) {
	if err := c.lockRead(ctx); err != nil {
		return 0, err
	}
	in := &c.in
	in.recall()
	in.ctx, in.stream = ctx, stream
	p, err := in.nextPiece()
	if err != nil {
		err = c.readError(err)
		in.unlock()
		return 0, err
	}
	in.streaming = true
	*r = messageReader{c, ctx, in.serial, p}
	t := in.typ
	in.unlock()
	return t, nil
}

type messageReader struct {
	c      *Conn
	ctx    context.Context
	serial uint32
	rest   []byte // of the last piece
}

// lock takes the reading role and makes sure that rest has bytes.
func (r *messageReader) lock() error {
	c, in := r.c, &r.c.in
	if err := c.lockRead(r.ctx); err != nil {
		return err
	}
	in.ctx = r.ctx
	err := error(nil)
	switch {
	case in.serial != r.serial || !in.streaming:
		err = errStale
	case len(r.rest) > 0:
	case in.end:
		err = io.EOF
	default:
		in.rd.Release()
		p, stepErr := in.step(false)
		if stepErr != nil {
			err = c.readError(stepErr)
		} else if r.rest = p; len(p) == 0 {
			err = io.EOF
		}
	}
	if err != nil {
		in.unlock()
	}
	return err
}

func (r *messageReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if err := r.lock(); err != nil {
		return 0, err
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	r.c.in.unlock()
	return n, nil
}

// errInvalidWrite is for a writer that claims to have written what it can't have.
var errInvalidWrite = errors.New("websocket: writer returned an impossible count")

// WriteTo implements [io.WriterTo]. While w writes, the reading role is free: w may
// call methods of the Conn, Close for instance, and it may panic.
func (r *messageReader) WriteTo(w io.Writer) (int64, error) {
	var written int64
	for {
		if err := r.lock(); err == io.EOF {
			return written, nil
		} else if err != nil {
			return written, err
		}
		p := r.rest
		r.c.in.unlock()
		n, err := w.Write(p)
		if n < 0 || n > len(p) {
			return written, errInvalidWrite
		}
		written += int64(n)
		if r.rest = p[n:]; err == nil && n < len(p) {
			err = io.ErrShortWrite
		}
		if err != nil {
			return written, err
		}
	}
}
