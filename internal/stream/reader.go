// Package stream has what both ends of a stream of HTTP/2 have in common as the
// transport of a WebSocket (RFC 8441): the direction that is received. What net/http has
// for it can only wait, and a deadline there ends it for good; a connection's reads have
// deadlines that leave it usable.
package stream

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// size is how much is read at once.
const size = 64 << 10

var buffers = sync.Pool{New: func() any { return new([size]byte) }}

// Reader is the receiving direction of a stream. One goroutine runs [Reader.Pump]. All
// other methods may be called from any goroutine. The zero value is ready to use.
type Reader struct {
	half
	buf []byte // what the pump has read and nobody has taken
	err error  // what comes behind it, if not nil

	drained bool // what the sender still sends is read and dropped
}

// Pump reads from src until that ends or the Reader is closed. It waits without a
// buffer, and doesn't read on before all is taken that it has read: then the sender is
// held up by the flow control of the stream (RFC 9113 section 5.2).
func (r *Reader) Pump(src io.Reader) {
	for {
		// Waits until there are bytes or the end. A source that returns at once
		// costs a buffer, no more.
		n, err := src.Read(nil)
		if err == nil {
			b := buffers.Get().(*[size]byte)
			n, err = src.Read(b[:])
			r.hand(b[:n])
			buffers.Put(b)
		}
		r.mu.Lock()
		if err != nil {
			if r.err = err; err != io.EOF {
				r.err = &net.OpError{Op: "read", Net: "http2", Err: err}
			}
			r.changedLocked()
		}
		over := r.closed && !r.drained || r.err != nil
		r.mu.Unlock()
		if over {
			return
		}
	}
}

// hand waits until p is taken or the Reader is closed.
func (r *Reader) hand(p []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.buf = p
	r.changedLocked()
	for len(r.buf) > 0 && !r.closed {
		r.waitLocked()
	}
	r.buf = nil
}

// Read is that of a [net.Conn].
func (r *Reader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.waitBytesLocked(); err != nil {
		return 0, err
	}
	n := copy(p, r.buf)
	if r.buf = r.buf[n:]; len(r.buf) == 0 {
		r.changedLocked()
	}
	return n, nil
}

// WaitRead waits until a Read would return at once, and returns its error.
func (r *Reader) WaitRead() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.waitBytesLocked()
}

// waitBytesLocked is called with r.mu held.
func (r *Reader) waitBytesLocked() error {
	for {
		switch {
		case r.closed:
			return net.ErrClosed
		case r.expired:
			return os.ErrDeadlineExceeded
		case len(r.buf) > 0:
			return nil
		case r.err != nil:
			return r.err
		}
		r.waitLocked()
	}
}

// Ended reports whether the sender has ended the stream in peace, be all of it read or
// not.
func (r *Reader) Ended() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err == io.EOF
}

// SetReadDeadline is that of a [net.Conn].
func (r *Reader) SetReadDeadline(t time.Time) error { return r.setDeadline(t) }

// Drain is Close, but the pump goes on to the end of the stream, so that the sender is
// not disturbed.
func (r *Reader) Drain() {
	r.mu.Lock()
	r.drained = true
	r.mu.Unlock()
	r.Close()
}

// Close ends all reads, and drops what was not read. What the pump waits in is for the
// owner to end.
func (r *Reader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	r.stopTimerLocked()
	r.changedLocked()
	return nil
}
