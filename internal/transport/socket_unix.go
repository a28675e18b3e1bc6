//go:build unix

package transport

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
	rc syscall.RawConn // nil if it's none

	read func(fd uintptr) bool // readReady, kept: a method value allocates
	n    int                   // what the read under way has come to: bytes, or one of those below
}

// What a read comes to that gets no bytes. Other negative numbers are those of the
// system's errors.
const (
	readEnded   = -1 << 20 // the end of the stream
	readStopped = -2 << 20 // the context has ended before it waited
)

func (s *socket) ok() bool { return s.rc != nil }

// initSocket looks whether s runs on a plain socket. Types that embed one are none:
// their own Read and Write must be heard.
func (s *Stream) initSocket() {
	if !isSocket(s.Conn) {
		return
	}
	if rc, err := s.Conn.(syscall.Conn).SyscallConn(); err == nil {
		s.rc, s.read = rc, (*socketSource)(s).readReady
	}
}

func isSocket(c Conn) bool {
	switch c.(type) {
	case *net.TCPConn, *net.UnixConn:
		return true
	}
	return false
}

// discards are buffers to read what means nothing into.
var discards = sync.Pool{New: func() any { return new([64 << 10]byte) }}

// discardSocket is [Stream.Discard] for a plain socket, which can wait without any
// buffer. It returns false if c is none.
func discardSocket(c Conn, limit int) bool {
	if !isSocket(c) {
		return false
	}
	rc, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		return false
	}
	rc.Read(func(fd uintptr) bool {
		b := discards.Get().(*[64 << 10]byte)
		defer discards.Put(b)
		for limit > 0 {
			n, err := syscall.Read(int(fd), b[:])
			switch {
			case n > 0:
				limit -= n
			case err == syscall.EINTR:
			default:
				return err != syscall.EAGAIN
			}
		}
		return true
	})
	return true
}

// socketSource is a Stream on a plain socket, as a [frame.Reader] sees it.
type socketSource Stream

// ReadLate implements [frame.LateReader].
func (x *socketSource) ReadLate(frame.Lender) (int, error) {
	s := (*Stream)(x)
	s.beginRead()
	s.n = 0
	err := s.rc.Read(s.read)
	switch {
	case s.n >= 0:
	case s.n == readEnded:
		s.n, err = 0, io.EOF
	case s.n == readStopped:
		s.n, err = 0, s.hooks.Context().Err()
	default:
		s.n, err = 0, os.NewSyscallError("read", syscall.Errno(-s.n))
	}
	s.hooks.AfterRead(s.n)
	return s.n, err
}

// readReady is called until it returns true, each time that there may be bytes.
func (x *socketSource) readReady(fd uintptr) bool {
	s := (*Stream)(x)
	lender := s.hooks.Lender()
	p := lender.Take()
	for {
		n, err := syscall.Read(int(fd), p)
		switch {
		case n > 0:
			s.n = n
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			lender.Give()
			if s.beginWait() == nil {
				return false
			}
			s.n = readStopped
		case err != nil:
			s.n = -int(err.(syscall.Errno))
		default:
			s.n = readEnded
		}
		return true
	}
}

// TryWrite writes what the peer can take at once of head and then p, in one piece, and
// returns how much that is: nothing if the transport is no plain socket. It and what it calls need little stack: with the
// poller below them they fit into a goroutine's first one.
func (s *Stream) TryWrite(head, p []byte) (n int, err error) {
	if !s.Tries() {
		return 0, nil
	}
	w := attempts.Get().(*attempt)
	w.head, w.p, w.n, w.err = head, p, 0, nil
	if err = s.rc.Write(w.ready); errors.Is(err, os.ErrDeadlineExceeded) {
		s.Conn.SetWriteDeadline(time.Time{}) // left over from a write that waited
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
