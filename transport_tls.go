//go:build unix

package websocket

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
	"syscall"
	"time"

	"hawser/websocket/frame"
)

// A tlsSource is a TLS connection over TCP. It waits for bytes below TLS, without
// a buffer. Before that it makes sure that none are left within the tls.Conn,
// which doesn't tell: it tries to read with a deadline in the past, for that one
// is only looked at when TLS needs more from the socket.
type tlsSource struct {
	c     *Conn
	tc    *tls.Conn
	rc    syscall.RawConn
	ready func(fd uintptr) bool
	inner bool // the tls.Conn may have bytes
}

// newTLSSource returns nil if the transport of c isn't TLS over TCP.
func newTLSSource(c *Conn) frame.LateReader {
	tc, ok := c.t.(*tls.Conn)
	if !ok || !tc.ConnectionState().HandshakeComplete {
		return nil
	}
	tcp, ok := tc.NetConn().(*net.TCPConn)
	if !ok {
		return nil
	}
	rc, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	return &tlsSource{c: c, tc: tc, rc: rc, ready: isReadable, inner: true}
}

// ReadLate implements [frame.LateReader].
func (s *tlsSource) ReadLate(l frame.Lender) (int, error) {
	s.c.beforeRead()
	late := l.Give()
	if late && s.inner {
		n, err := s.readInner(l.Take())
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
		s.inner = false
		l.Give()
	}
	if err := s.c.beforeWait(); err != nil {
		return 0, err
	}
	n, err := s.wait(late, l)
	s.c.afterWait(n)
	return n, err
}

func (s *tlsSource) wait(late bool, l frame.Lender) (int, error) {
	if late {
		if err := s.rc.Read(s.ready); err != nil {
			return 0, err
		}
	}
	s.inner = true
	return s.tc.Read(l.Take())
}

// readInner reads what is within the tls.Conn.
func (s *tlsSource) readInner(p []byte) (int, error) {
	s.c.in.watch.pause(s.c, aLongTimeAgo)
	defer s.c.in.watch.pause(s.c, time.Time{})
	return s.tc.Read(p)
}

// isReadable is called until it returns true, each time that there may be bytes
// or the end.
func isReadable(fd uintptr) bool {
	var b [1]byte
	for {
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK)
		if err != syscall.EINTR {
			return err != syscall.EAGAIN
		}
	}
}
