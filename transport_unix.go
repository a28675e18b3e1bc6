//go:build unix

package websocket

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"hawser/websocket/frame"
)

// A socket is a plain TCP or Unix connection. It waits for bytes without a
// buffer, and writes without waiting.
type socket struct {
	c  *Conn
	rc syscall.RawConn // nil if it's none

	read func(fd uintptr) bool // readReady, kept: a method value allocates
	late frame.Lender          // if buf is to come from it
	buf  []byte
	n    int
	err  error
}

// init reports whether the transport of c is a plain socket. Types that embed one
// are not: their own Read and Write must be heard.
func (s *socket) init(c *Conn) bool {
	var sc syscall.Conn
	switch t := c.t.(type) {
	case *net.TCPConn:
		sc = t
	case *net.UnixConn:
		sc = t
	default:
		return false
	}
	rc, err := sc.SyscallConn()
	if err != nil {
		return false
	}
	s.c, s.rc, s.read = c, rc, s.readReady
	return true
}

func (s *socket) ok() bool { return s.rc != nil }

func (s *socket) Read(p []byte) (int, error) {
	s.buf = p
	return s.doRead()
}

// ReadLate implements [frame.LateReader].
func (s *socket) ReadLate(l frame.Lender) (int, error) {
	s.late = l
	return s.doRead()
}

func (s *socket) doRead() (int, error) {
	s.c.beforeTry()
	s.n, s.err = 0, nil
	err := s.rc.Read(s.read)
	s.c.afterWait()
	s.buf, s.late = nil, nil
	if s.err != nil {
		err = s.err
	}
	return s.n, err
}

// readReady is called until it returns true, each time that there may be bytes.
func (s *socket) readReady(fd uintptr) bool {
	if s.late != nil {
		s.buf = s.late.Take()
	}
	for {
		n, err := syscall.Read(int(fd), s.buf)
		switch {
		case n > 0:
			s.n = n
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			if s.late != nil {
				s.late.Give()
			}
			s.c.flushHeld()
			s.err = s.c.beforeWait()
			return s.err != nil
		case err != nil:
			s.err = os.NewSyscallError("read", err)
		default:
			s.err = io.EOF
		}
		return true
	}
}

// tryWrite writes what the peer can take at once of head and then p. It and what it
// calls need little stack: with the poller below them they fit into a goroutine's
// first one.
func (s *socket) tryWrite(head, p []byte) (n int, err error) {
	w := attempts.Get().(*attempt)
	w.head, w.p, w.n, w.err = head, p, 0, nil
	if err = s.rc.Write(w.ready); errors.Is(err, os.ErrDeadlineExceeded) {
		s.c.t.SetWriteDeadline(time.Time{}) // left over from a write that waited
		err = s.rc.Write(w.ready)
	}
	if n = w.n; w.err != nil {
		err = w.err
	}
	w.head, w.p, w.err = nil, nil, nil
	attempts.Put(w)
	return n, err
}

// An attempt to write, of which idle connections hold none.
type attempt struct {
	ready   func(fd uintptr) bool // write, kept: a method value allocates
	head, p []byte
	n       int
	err     error
}

var attempts = sync.Pool{New: func() any {
	w := new(attempt)
	w.ready = w.write
	return w
}}

func (w *attempt) write(fd uintptr) bool {
	for w.n < len(w.head)+len(w.p) {
		var n int
		var err error
		switch at := w.n - len(w.head); {
		case at >= 0:
			n, err = syscall.Write(int(fd), w.p[at:])
		case len(w.p) == 0:
			n, err = syscall.Write(int(fd), w.head[w.n:])
		default:
			n, err = writev(fd, w.head[w.n:], w.p)
		}
		switch {
		case n > 0:
			w.n += n
		case err == syscall.EINTR:
		case err == syscall.EAGAIN:
			return true
		case err != nil:
			w.err = os.NewSyscallError("write", err)
			return true
		default:
			w.err = io.ErrUnexpectedEOF
			return true
		}
	}
	return true
}
