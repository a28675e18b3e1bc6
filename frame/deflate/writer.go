package deflate

import (
	"errors"
	"sync"
)

// writeChunk is how much a Writer gathers before it compresses it.
const writeChunk = 1 << 15

var chunks = sync.Pool{New: func() any { return new(chunk) }}

// A chunk is a Writer's memory.
type chunk struct {
	in  [writeChunk]byte
	out []byte
}

// maxKeptOut bounds what goes back to the pool: out of incompressible input, and
// its blocks.
const maxKeptOut = writeChunk + 1024

// A Writer compresses one message of any length, holding no more than 64 KiB of
// it. It isn't safe for concurrent use, and while it's in use its encoder isn't
// to be used for anything else.
type Writer struct {
	e    *Encoder
	emit func(p []byte, final bool) error
	c    *chunk
	n    int // bytes in c.in
	err  error
}

var errWriterClosed = errors.New("deflate: the message was ended before")

// NewWriter returns a writer of e's next message. The pieces of its payload are
// passed to emit as soon as there are some: together they are what to send, and
// the last one, which may be empty unless it's the only one, is final. A piece
// is valid only during the call. What emit returns, other than nil, is returned
// by Write or Close and ends the message; what can't be sent can't be missing
// either, so the encoder must be reset then.
func (e *Encoder) NewWriter(emit func(piece []byte, final bool) error) *Writer {
	return &Writer{e: e, emit: emit, c: chunks.Get().(*chunk)}
}

// Write compresses p as a part of the message. It keeps nothing of p itself.
func (w *Writer) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 && w.err == nil {
		k := 0
		if w.n == 0 && len(p) >= writeChunk {
			k = writeChunk
			w.part(p[:k], false)
		} else {
			k = copy(w.c.in[w.n:], p)
			if w.n += k; w.n == writeChunk {
				w.n = 0
				w.part(w.c.in[:], false)
			}
		}
		if w.err != nil {
			return written, w.err
		}
		written += k
		p = p[k:]
	}
	return written, w.err
}

// Close ends the message. It does nothing when called again.
func (w *Writer) Close() error {
	if w.err == nil {
		w.part(w.c.in[:w.n], true)
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

func (w *Writer) part(p []byte, final bool) {
	w.c.out = w.e.AppendPart(w.c.out[:0], p, final)
	if len(w.c.out) == 0 && !final {
		return
	}
	if err := w.emit(w.c.out, final); err != nil {
		w.end(err)
	}
}

// end gives up the memory. err is for later calls.
func (w *Writer) end(err error) {
	w.err = err
	if poison {
		fill(w.c.in[:], 0xDD)
		fill(w.c.out[:cap(w.c.out)], 0xDD)
	}
	if cap(w.c.out) > maxKeptOut {
		w.c.out = nil
	}
	chunks.Put(w.c)
	w.c = nil
}
