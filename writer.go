package websocket

import (
	"context"
	"errors"
	"io"
	"math"
	"unicode/utf8"

	"hawser/websocket/frame"
	"hawser/websocket/frame/deflate"
)

// Writer returns a writer of one message, for messages that are too long to
// hold or not yet known to their end. Its bytes go out in frames of at least 4
// KiB, or what 32 KiB are compressed to; its Close writes the last of them and must
// be called. Until then other messages wait; pings and Close frames don't (RFC
// 6455 section 5.4). A text is not cut inside of a character.
//
// ctx is for all writes to the message. When one fails after the first frame
// went out, the message can't be finished and the connection ends. The writer is
// for one goroutine at a time.
func (c *Conn) Writer(ctx context.Context, t MessageType) (io.WriteCloser, error) {
	if !t.valid() {
		return nil, errType(t)
	}
	if err := ctx.Err(); err != nil {
		return nil, writeRefused(err)
	}
	o := &c.out
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := c.beginMessage(ctx); err != nil {
		return nil, err
	}
	o.streaming = true
	w := &messageWriter{c: c, ctx: ctx, text: t == Text, op: t.opcode()}
	if c.compresses(t, math.MaxInt) {
		w.z = c.deflater.NewWriter(func(p []byte, final bool) error {
			c.deflater.count(0, len(p))
			w.frame(p, final)
			return w.err
		})
	} else {
		w.b = getChunk(minChunk)
	}
	return w, nil
}

type messageWriter struct {
	c    *Conn
	ctx  context.Context
	text bool
	op   frame.Opcode    // of the next frame
	b    *chunk          // bytes of the next frame; nil after the end
	z    *deflate.Writer // instead of b, for a message to be compressed
	err  error
}

var errWriterClosed = errors.New("websocket: write to a message that is closed")

func (w *messageWriter) Write(p []byte) (int, error) {
	if w.z != nil && w.err == nil {
		w.c.deflater.count(len(p), 0)
		return w.z.Write(p)
	}
	written := 0
	for len(p) > 0 {
		if w.err != nil {
			return written, w.err
		}
		var n int
		if room := cap(w.b.p) - len(w.b.p); len(w.b.p) == 0 && len(p) > room {
			n = w.cut(p[:min(len(p), chunkMax)])
			w.frame(p[:n], false)
		} else {
			n = min(len(p), room)
			w.b.p = append(w.b.p, p[:n]...)
			if n == room {
				cut := w.cut(w.b.p)
				w.frame(w.b.p[:cut], false)
				if w.err == nil {
					w.b.p = w.b.p[:copy(w.b.p, w.b.p[cut:])]
				}
			}
		}
		if w.err != nil {
			return written, w.err
		}
		p = p[n:]
		written += n
	}
	return written, w.err
}

// cut returns how much of p may make a frame.
func (w *messageWriter) cut(p []byte) int {
	if w.text {
		for i := len(p) - 1; i > 0 && i >= len(p)-3; i-- {
			if utf8.RuneStart(p[i]) {
				if !utf8.FullRune(p[i:]) {
					return i
				}
				break
			}
		}
	}
	return len(p)
}

// Close writes the last frame of the message and lets other messages begin.
func (w *messageWriter) Close() error {
	if w.err == nil {
		if w.z != nil {
			w.z.Close()
		} else {
			w.frame(w.b.p, true)
		}
		if w.err == nil {
			w.end(errWriterClosed)
			return nil
		}
	}
	if w.err == errWriterClosed {
		return nil
	}
	return w.err
}

func (w *messageWriter) frame(p []byte, fin bool) {
	o := &w.c.out
	o.mu.Lock()
	err := w.writeFrame(p, fin)
	closed := o.closed != nil
	o.mu.Unlock()
	if err == nil {
		return
	}
	if w.op == frame.Continuation && !closed {
		w.c.abort(err) // no other message can follow one that lacks its end
	}
	w.end(err)
}

func (w *messageWriter) writeFrame(p []byte, fin bool) error {
	o := &w.c.out
	if err := w.ctx.Err(); err != nil {
		return writeRefused(err)
	}
	if o.pend != nil && len(o.pend.p) >= chunkMax || len(p) > copyMax {
		if err := w.c.waitIdle(w.ctx); err != nil {
			return err
		}
	}
	if o.closed != nil {
		return w.c.refusal()
	}
	h := frame.Header{Fin: fin, Opcode: w.op}
	if w.z != nil && w.op != frame.Continuation {
		h.Rsv = frame.Rsv1
	}
	w.op = frame.Continuation
	if len(p) > copyMax {
		return w.c.writeLarge(w.ctx, h, p)
	}
	if err := w.c.appendFrame(&h, p); err != nil {
		return err
	}
	return w.c.submit(w.ctx)
}

// end gives up the turn. err is for later calls.
func (w *messageWriter) end(err error) {
	w.err = err
	if w.z != nil && err != errWriterClosed {
		w.c.deflater.Reset() // what was given up can't be referred to
	}
	w.b.put()
	w.b = nil
	o := &w.c.out
	o.mu.Lock()
	o.streaming = false
	w.c.endMessage()
	o.mu.Unlock()
}
