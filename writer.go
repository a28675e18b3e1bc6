// Sending, a message in pieces. A messageWriter has the turn to write from its beginning
// to its end, and is for one goroutine at a time.

package websocket

import (
	"context"
	"errors"
	"math"

	"hawser/websocket/frame"
	"hawser/websocket/frame/deflate"
)

// newWriter takes the turn to write for a message in pieces.
func (o *outbound) newWriter(ctx context.Context, t MessageType) (*messageWriter, error) {
	if err := o.ctxErr(ctx); err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.unlock()
	if err := o.beginMessageLocked(ctx); err != nil {
		return nil, err
	}
	o.streaming = true
	w := &messageWriter{o: o, ctx: ctx, text: t.opcode() == frame.Text, op: t.opcode(), b: getChunk(minChunk)}
	if o.deflater.compresses(t, math.MaxInt) {
		w.z = o.deflater.NewWriter(w.compressed)
	}
	return w, nil
}

// writeParts writes a message that is not to be compressed as a whole, as that could
// take long and much memory.
func (o *outbound) writeParts(ctx context.Context, t MessageType, p []byte) error {
	w, err := o.newWriter(ctx, t)
	if err != nil {
		return err
	}
	if _, err := w.Write(p); err != nil {
		return err
	}
	return w.Close()
}

type messageWriter struct {
	o    *outbound
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
		w.o.deflater.count(len(p), 0)
		return w.z.Write(p)
	}
	written := 0
	for len(p) > 0 {
		if w.err != nil {
			return written, w.err
		}
		var n int
		if room := cap(w.b.p) - len(w.b.p); len(w.b.p) == 0 && len(p) > room {
			n = w.cut(p[:min(len(p), w.o.frameSize())])
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
	w.o.deflater.count(0, len(p))
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
		return wholeRunes(p)
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
		w.o.owner.abort(err) // no other message can follow one that lacks its end
	}
	w.end(err)
}

// writeFrame also reports whether no message can follow anyway.
func (w *messageWriter) writeFrame(p []byte, fin bool) (err error, over bool) {
	o := w.o
	o.mu.Lock()
	defer o.unlock()
	err = w.writeFrameLocked(p, fin)
	return err, o.cut || o.broken
}

// writeFrameLocked is called with w.o.mu held, and may give it up meanwhile.
func (w *messageWriter) writeFrameLocked(p []byte, fin bool) error {
	o := w.o
	if err := o.ctxErr(w.ctx); err != nil {
		return err
	}
	if o.pend.size() >= chunkMax || len(p) > copyMax {
		if err := o.waitIdleLocked(w.ctx); err != nil {
			return err
		}
	}
	if o.cut || o.broken {
		return o.closed
	}
	h := frame.Header{Fin: fin, Opcode: w.op}
	if w.z != nil && w.op != frame.Continuation {
		h.Rsv = frame.Rsv1
	}
	w.op = frame.Continuation
	if len(p) > copyMax {
		return o.writeLongLocked(w.ctx, h, p, fin)
	}
	if err := o.appendFrameLocked(&h, p); err != nil {
		return err
	}
	return o.submitLocked(w.ctx)
}

// end gives up the turn. err is for later calls.
func (w *messageWriter) end(err error) {
	o := w.o
	w.err = err
	if w.z != nil && err != errWriterClosed {
		o.deflater.Reset() // what was given up can't be referred to
	}
	w.b.put()
	w.b = nil
	o.mu.Lock()
	defer o.unlock()
	o.endMessageLocked()
}
