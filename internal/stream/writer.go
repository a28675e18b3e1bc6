package stream

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// small is how much is taken before the body is read, so that short messages go out
// together while net/http still sends what was before them.
const small = 16 << 10

var smalls = sync.Pool{New: func() any { return new([small]byte) }}

// Writer is the sending direction of a client's stream: what is written to it is what is
// read from [Writer.Body]. Like a socket it takes some bytes at once; a Write of more
// returns when the last of it is read. All methods may be called from any goroutine. The
// zero value is ready to use.
type Writer struct {
	writing sync.Mutex // held by a Write
	half
	early *[small]byte  // what was taken early is in; nil if that's nothing
	r, w  int           // the part of it that is there
	p     []byte        // what the Write under way has left
	ended bool          // by CloseWrite
	lost  bool          // net/http doesn't send any more, as the server has reset the stream
	atEnd bool          // the end has been read
	cut   bool          // a Write was ended in the middle
	sent  chan struct{} // closed when the end has been read; nil until somebody asks
}

// Write is that of a [net.Conn].
func (w *Writer) Write(p []byte) (int, error) {
	w.writing.Lock()
	defer w.writing.Unlock()
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.refusalLocked(); err != nil {
		return 0, err
	}
	if len(p) <= small-w.w {
		if w.early == nil {
			w.early = smalls.Get().(*[small]byte)
		}
		w.w += copy(w.early[w.w:], p)
		w.changedLocked()
		return len(p), nil
	}
	w.p = p
	w.changedLocked()
	for len(w.p) > 0 {
		if err := w.refusalLocked(); err != nil {
			n := len(p) - len(w.p)
			w.p, w.cut = nil, true
			return n, err
		}
		w.waitLocked()
	}
	return len(p), nil
}

// dropEarlyLocked is called with mu held.
func (w *Writer) dropEarlyLocked() {
	if w.early != nil {
		smalls.Put(w.early)
		w.early, w.r, w.w = nil, 0, 0
	}
}

// refusalLocked is called with mu held.
func (w *Writer) refusalLocked() error {
	switch {
	case w.closed, w.ended:
		return net.ErrClosed
	case w.lost:
		return &net.OpError{Op: "write", Net: "http2", Err: io.ErrClosedPipe}
	case w.expired:
		return os.ErrDeadlineExceeded
	}
	return nil
}

// SetWriteDeadline is that of a [net.Conn].
func (w *Writer) SetWriteDeadline(t time.Time) error { return w.setDeadline(t) }

// CloseWrite has the body end.
func (w *Writer) CloseWrite() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	w.changedLocked()
	return nil
}

// Close ends a Write under way and makes the body fail, unless it has ended.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.stopTimerLocked()
	w.changedLocked()
	return nil
}

// End ends the direction in peace, like CloseWrite, and returns a channel that is closed
// when all was read from the body. It's nil if a Write is under way or was cut, or nobody
// reads any more.
func (w *Writer) End() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cut || w.lost || len(w.p) > 0 {
		return nil
	}
	w.ended = true
	w.changedLocked()
	if w.sent == nil {
		w.sent = make(chan struct{})
		if w.atEnd {
			close(w.sent)
		}
	}
	return w.sent
}

// Body is the body of the request.
func (w *Writer) Body() io.ReadCloser { return (*body)(w) }

type body Writer

// Read waits for a Write.
func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	w := (*Writer)(b)
	for {
		switch {
		case w.early != nil && !w.lost:
			n := copy(p, w.early[w.r:w.w])
			if w.r += n; w.r == w.w {
				w.dropEarlyLocked()
			}
			return n, nil
		case w.ended:
			if !w.atEnd {
				w.atEnd = true
				if w.sent != nil {
					close(w.sent)
				}
			}
			return 0, io.EOF
		case w.closed, w.lost:
			return 0, net.ErrClosed
		case len(w.p) > 0:
			n := copy(p, w.p)
			if w.p = w.p[n:]; len(w.p) == 0 {
				w.changedLocked()
			}
			return n, nil
		}
		w.waitLocked()
	}
}

// Close is called when nobody reads any more.
func (b *body) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lost = true
	(*Writer)(b).dropEarlyLocked()
	b.changedLocked()
	return nil
}
