// A transport in memory, for tests of users. It knows nothing of the Conns at its ends.

package websocket

import (
	"io"
	"net"
	"os"
	"sync"
	"time"

	"hawser/websocket/frame"
	"hawser/websocket/handshake"
)

// Pipe returns the two ends of a connection in memory, for tests: no sockets,
// no handshake, all the rest as on a network. If both have a [Compression] they
// agree on what a handshake would have agreed on. Each direction holds up to 64 KiB
// that the other end has not read.
func Pipe(client, server Config) (*Conn, *Conn) {
	up, down := newStream(), newStream()
	var agreed *handshake.Deflate
	if client.Compression != nil && server.Compression != nil {
		offer := handshake.OfferDeflate(client.Compression.Deflate(frame.Client))
		_, d, _ := handshake.AcceptDeflate(offer, server.Compression.Deflate(frame.Server))
		agreed = &d
	}
	return NewConn(&pipeEnd{r: down, w: up}, Setup{Role: frame.Client, Deflate: agreed}, client),
		NewConn(&pipeEnd{r: up, w: down}, Setup{Role: frame.Server, Deflate: agreed}, server)
}

type pipeEnd struct{ r, w *stream }

func (e *pipeEnd) Read(p []byte) (int, error)         { return e.r.read(p) }
func (e *pipeEnd) Write(p []byte) (int, error)        { return e.w.write(p) }
func (e *pipeEnd) SetReadDeadline(t time.Time) error  { return e.r.setDeadline(&e.r.reading, t) }
func (e *pipeEnd) SetWriteDeadline(t time.Time) error { return e.w.setDeadline(&e.w.writing, t) }

// CloseWrite lets the other end read to the end of what was written.
func (e *pipeEnd) CloseWrite() error {
	e.w.end(&e.w.ended)
	return nil
}

func (e *pipeEnd) Close() error {
	e.w.end(&e.w.ended)
	e.w.end(&e.w.writing.closed)
	e.r.end(&e.r.gone)
	e.r.end(&e.r.reading.closed)
	return nil
}

// stream is one direction of a pipe.
type stream struct {
	mu               sync.Mutex
	change           *sync.Cond
	buf              []byte
	ended            bool // the writer has
	gone             bool // the reader has
	reading, writing side
}

// side is what is particular to one end of a stream.
type side struct {
	closed  bool
	expired bool // the deadline has passed
	timer   *time.Timer
}

func newStream() *stream {
	s := new(stream)
	s.change = sync.NewCond(&s.mu)
	return s
}

func (s *stream) end(flag *bool) {
	s.mu.Lock()
	*flag = true
	s.mu.Unlock()
	s.change.Broadcast()
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.reading.closed:
			return 0, net.ErrClosed
		case s.reading.expired:
			return 0, os.ErrDeadlineExceeded
		case len(s.buf) > 0:
			n := copy(p, s.buf)
			s.buf = s.buf[:copy(s.buf, s.buf[n:])]
			s.change.Broadcast()
			return n, nil
		case s.ended:
			return 0, io.EOF
		}
		s.change.Wait()
	}
}

func (s *stream) write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	written := 0
	for {
		switch {
		case s.writing.closed, s.ended:
			return written, net.ErrClosed
		case s.gone:
			return written, io.ErrClosedPipe
		case s.writing.expired:
			return written, os.ErrDeadlineExceeded
		case len(p) == 0:
			return written, nil
		}
		if n := min(len(p), chunkMax-len(s.buf)); n > 0 {
			s.buf = append(s.buf, p[:n]...)
			p = p[n:]
			written += n
			s.change.Broadcast()
			continue
		}
		s.change.Wait()
	}
}

func (s *stream) setDeadline(d *side, t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	d.expired = false
	if !t.IsZero() {
		if wait := time.Until(t); wait <= 0 {
			d.expired = true
		} else {
			var timer *time.Timer
			timer = time.AfterFunc(wait, func() {
				s.mu.Lock()
				if d.timer == timer {
					d.expired = true
				}
				s.mu.Unlock()
				s.change.Broadcast()
			})
			d.timer = timer
		}
	}
	s.change.Broadcast()
	return nil
}
