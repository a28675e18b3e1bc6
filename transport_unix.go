//go:build unix

// The transport, plain sockets of Unix: reads that wait without a buffer, and writes
// that don't wait. Nothing here knows of messages.

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
	rc syscall.RawConn // nil if it's none

	read func(fd uintptr) bool // readReady, kept: a method value allocates
	n    int
	err  error
}

// initSocket reports whether the transport of c is a plain socket. Types that
// embed one are not: their own Read and Write must be heard.
func (c *Conn) initSocket() bool {
	if !isSocket(c.t) {
		return false
	}
	rc, err := c.t.(syscall.Conn).SyscallConn()
	if err != nil {
		return false
	}
	c.sock.rc, c.sock.read = rc, (*socketSource)(c).readReady
	return true
}

func isSocket(t Transport) bool {
	switch t.(type) {
	case *net.TCPConn, *net.UnixConn:
		return true
	}
	return false
}

// discardSocket is discard for a plain socket, which can wait without any buffer. It
// returns false if t is none.
func discardSocket(t Transport, limit int) bool {
	if !isSocket(t) {
		return false
	}
	rc, err := t.(syscall.Conn).SyscallConn()
	if err != nil {
		return false
	}
	rc.Read(func(fd uintptr) bool {
		b := getChunk(chunkMax)
		defer b.put()
		for limit > 0 {
			n, err := syscall.Read(int(fd), b.p[:cap(b.p)])
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

func (s *socket) ok() bool { return s.rc != nil }

// socketSource is a Conn as its Reader sees it.
type socketSource Conn

// ReadLate implements [frame.LateReader].
func (x *socketSource) ReadLate(frame.Lender) (int, error) {
	c, s := (*Conn)(x), &x.sock
	c.beforeTry()
	s.n, s.err = 0, nil
	err := s.rc.Read(s.read)
	c.afterWait(s.n)
	if s.err != nil {
		err = s.err
	}
	return s.n, err
}

// readReady is called until it returns true, each time that there may be bytes.
func (x *socketSource) readReady(fd uintptr) bool {
	c, s := (*Conn)(x), &x.sock
	lender := c.rd.Lender()
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
			c.flushHeld()
			s.err = c.beforeWait()
			return s.err != nil
		case err != nil:
			s.err = os.NewSyscallError("read", err)
		default:
			s.err = io.EOF
		}
		return true
	}
}

// tryWrite writes what the peer can take at once of head and then p, which is nothing
// if the transport is no socket. It and what it calls need little stack: with the
// poller below them they fit into a goroutine's first one.
func (c *Conn) tryWrite(head, p []byte) (n int, err error) {
	if !c.sock.ok() {
		return 0, nil
	}
	w := attempts.Get().(*attempt)
	w.head, w.p, w.n, w.err = head, p, 0, nil
	if err = c.sock.rc.Write(w.ready); errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.SetWriteDeadline(time.Time{}) // left over from a write that waited
		err = c.sock.rc.Write(w.ready)
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
