//go:build unix

package websocket

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"hawser/websocket/frame"
)

// A socket is a plain TCP or Unix connection. It waits for bytes without a
// buffer, and writes without waiting.
type socket struct {
	c  *Conn
	rc syscall.RawConn

	read func(fd uintptr) bool // readReady, kept: a method value allocates
	late frame.Lender          // if buf is to come from it
	buf  []byte
	n    int
	err  error

	write  func(fd uintptr) bool
	out    []byte
	outN   int
	outErr error
}

// newSocket returns nil if t isn't a plain socket. Types that embed one are
// not: their own Read and Write must be heard.
func newSocket(c *Conn, t Transport) *socket {
	var sc syscall.Conn
	switch t := t.(type) {
	case *net.TCPConn:
		sc = t
	case *net.UnixConn:
		sc = t
	default:
		return nil
	}
	rc, err := sc.SyscallConn()
	if err != nil {
		return nil
	}
	s := &socket{c: c, rc: rc}
	s.read = s.readReady
	s.write = s.writeReady
	return s
}

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
	s.c.beforeRead()
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

// tryWrite writes what the peer can take at once.
func (s *socket) tryWrite(p []byte) (int, error) {
	for retry := false; ; retry = true {
		s.out, s.outN, s.outErr = p, 0, nil
		err := s.rc.Write(s.write)
		s.out = nil
		if s.outErr != nil {
			err = s.outErr
		}
		if errors.Is(err, os.ErrDeadlineExceeded) && !retry {
			s.c.t.SetWriteDeadline(time.Time{}) // left over from a write that waited
			continue
		}
		return s.outN, err
	}
}

func (s *socket) writeReady(fd uintptr) bool {
	for s.outN < len(s.out) {
		n, err := syscall.Write(int(fd), s.out[s.outN:])
		switch {
		case n > 0:
			s.outN += n
		case err == syscall.EINTR:
		case err == syscall.EAGAIN:
			return true
		case err != nil:
			s.outErr = os.NewSyscallError("write", err)
			return true
		default:
			s.outErr = io.ErrUnexpectedEOF
			return true
		}
	}
	return true
}
