package deflate

import (
	"errors"
	"sync"
)

// writeChunk is the number of bytes that a Writer gathers before it compresses them.
const writeChunk = 1 << 15

// chunks has the memory of Writers.
var chunks = sync.Pool{New: func() any { return new(chunk) }}

// A chunk is the memory of a Writer: what it gathers and the next piece.
type chunk struct {
	in  [writeChunk]byte
	out []byte
}

// maxKeptOut is the largest piece whose memory goes back to the pool: a chunk of
// incompressible input with the headers of its blocks.
const maxKeptOut = writeChunk + 1024

// A Writer compresses one message of any length, of which it holds no more than 64 KiB. It
// is for one goroutine at a time. Until [Writer.Close] has returned, its Encoder must not be
// used for anything else.
type Writer struct {
	e    *Encoder
	emit func(p []byte, final bool) error
	c    *chunk
	n    int // number of bytes in c.in
	err  error
}

// errWriterClosed is the error of writes after Close.
var errWriterClosed = errors.New("websocket: write to a compressed message that has been closed")

// NewWriter returns a writer of e's next message. It passes the message's payload to emit,
// piece by piece: the last piece has final set and may be empty, all others are not. A
// piece is valid only during the call. If emit returns an error, Write or Close returns it,
// and so do all later calls; the payload is then incomplete, and [Encoder.Reset] is needed
// before e is used again.
func (e *Encoder) NewWriter(emit func(piece []byte, final bool) error) *Writer {
	return &Writer{e: e, emit: emit, c: chunks.Get().(*chunk)}
}

// Write compresses p as a part of the message. It keeps nothing of p. The error is that of
// emit, or says that the message has been closed.
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

// Close compresses what was gathered and passes the last piece to emit. Further calls do
// nothing. The error is that of emit. A Writer that is not closed leaves its memory to the
// garbage collector.
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

// part compresses p and passes the piece on, if there is one.
func (w *Writer) part(p []byte, final bool) {
	w.c.out = w.e.AppendPart(w.c.out[:0], p, final)
	if len(w.c.out) == 0 && !final {
		return
	}
	if err := w.emit(w.c.out, final); err != nil {
		w.end(err)
	}
}

// end gives the memory back. err is what later calls return.
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
