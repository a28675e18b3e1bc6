// Sending, the API for a message in pieces. A messageWriter has the turn to write from
// its beginning to its end, and is for one goroutine at a time.

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
// KiB, or of at least 64 KiB if they are compressed; its Close writes the last of them
// and must be called. Until then other messages wait; pings and Close frames don't (RFC
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
	defer c.unlockOut()
	if err := c.beginMessageLocked(ctx); err != nil {
		return nil, err
	}
	o.streaming = true
	w := &messageWriter{c: c, ctx: ctx, text: t.opcode() == frame.Text, op: t.opcode(), b: getChunk(minChunk)}
	if c.compresses(t, math.MaxInt) {
		w.z = c.deflater.NewWriter(w.compressed)
	}
	return w, nil
}

type messageWriter struct {
	c    *Conn
	ctx  context.Context
	text bool
	op   frame.Opcode    // of the next frame
	b    *chunk          // bytes of the next frame; nil after the end
	z    *deflate.Writer // makes those, if the message is to be compressed
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
			n = w.cut(p[:min(len(p), w.c.frameSize())])
			w.frame(p[:n], false)
		} else {
			n = min(len(p), room)
			w.b.p = append(w.b.p, p[:n]...)
			if n == room {
				w.frameOf(w.cut(w.b.p), false)
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

// compressed gathers what the compressor makes, and sends it when it's enough for a
// frame: a message that gets small goes out as one, which some peers need.
func (w *messageWriter) compressed(p []byte, final bool) error {
	w.c.deflater.count(0, len(p))
	w.b = w.b.grow(len(p))
	w.b.p = append(w.b.p, p...)
	if final || len(w.b.p) >= chunkMax {
		w.frameOf(len(w.b.p), final)
	}
	return w.err
}

// cut returns how much of p may make a frame.
func (w *messageWriter) cut(p []byte) int {
	if w.text {
		return cutText(p)
	}
	return len(p)
}

// cutText returns how much of p ends with a whole character.
func cutText(p []byte) int {
	for i := len(p) - 1; i > 0 && i >= len(p)-3; i-- {
		if utf8.RuneStart(p[i]) {
			if !utf8.FullRune(p[i:]) {
				return i
			}
			break
		}
	}
	return len(p)
}

// Close writes the last frame of the message and lets other messages begin.
func (w *messageWriter) Close() error {
	if w.err == nil {
		// Also if a function of the user's Trace panics, which is told of the frame.
		defer func() {
			if w.err == nil {
				w.end(errWriterClosed)
			}
		}()
		if w.z != nil {
			w.z.Close()
		} else {
			w.frameOf(len(w.b.p), true)
		}
		return w.err
	}
	if w.err == errWriterClosed {
		return nil
	}
	return w.err
}

// frameOf makes a frame of the first n bytes of w.b and drops them, even if a function
// of the user's Trace panics.
func (w *messageWriter) frameOf(n int, fin bool) {
	defer func() {
		if w.b != nil {
			w.b.p = w.b.p[:copy(w.b.p, w.b.p[n:])]
		}
	}()
	w.frame(w.b.p[:n], fin)
}

func (w *messageWriter) frame(p []byte, fin bool) {
	err, over := w.writeFrame(p, fin)
	if err == nil {
		return
	}
	if w.op == frame.Continuation && !over {
		w.c.abort(err) // no other message can follow one that lacks its end
	}
	w.end(err)
}

// writeFrame also reports whether no message can follow anyway.
func (w *messageWriter) writeFrame(p []byte, fin bool) (err error, over bool) {
	o := &w.c.out
	o.mu.Lock()
	defer w.c.unlockOut()
	err = w.writeFrameLocked(p, fin)
	return err, o.cut || o.broken
}

func (w *messageWriter) writeFrameLocked(p []byte, fin bool) error {
	o := &w.c.out
	if err := w.ctx.Err(); err != nil {
		return writeRefused(err)
	}
	if o.pend != nil && len(o.pend.p) >= chunkMax || len(p) > copyMax {
		if err := w.c.waitIdleLocked(w.ctx); err != nil {
			return err
		}
	}
	if o.cut || o.broken {
		return w.c.refusalLocked()
	}
	h := frame.Header{Fin: fin, Opcode: w.op}
	if w.z != nil && w.op != frame.Continuation {
		h.Rsv = frame.Rsv1
	}
	w.op = frame.Continuation
	if len(p) > copyMax {
		return w.c.writeLongLocked(w.ctx, h, p, fin)
	}
	if err := w.c.appendFrameLocked(&h, p); err != nil {
		return err
	}
	return w.c.submitLocked(w.ctx)
}

// end gives up the turn. err is for later calls.
func (w *messageWriter) end(err error) {
	w.err = err
	if w.z != nil && err != errWriterClosed {
		w.c.deflater.Reset() // what was given up can't be referred to
	}
	w.b.put()
	w.b = nil
	w.c.out.mu.Lock()
	defer w.c.unlockOut()
	w.c.endMessageLocked()
}
