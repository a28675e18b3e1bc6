// The transport: what a Conn needs below it, and how one is read that is neither a
// socket nor TLS. Nothing here knows of messages.

package websocket

import (
	"net"
	"time"

	"hawser/websocket/frame"
	"hawser/websocket/internal/belowtls"
)

// Transport is the stream of bytes below a [Conn]. Every [net.Conn] is one.
// If it has a method CloseWrite() error, as TCP, Unix and TLS connections have,
// it's used to end the sending direction before the transport is closed. Where that
// is missing or fails, a server closes the transport as soon as both Close frames are
// there. If it has a method CheckClose(frame.Code) error, as that of a browser has,
// which sends only some codes, Close and CloseWrite return its error instead of
// closing.
//
// A server ends its direction first, as on TCP, and a client waits for that, unless the
// transport has a method EndsFirst() bool that says otherwise: where no state remains of
// an ended connection, as with a stream of HTTP/2, both may. If it has a method
// WaitRead() error, which returns nil when a Read would not wait, and else what Read
// would return, then no buffer is held while waiting.
//
// Close must end a Read and a Write that are under way. Deadlines must work as
// those of net.Conn do.
type Transport interface {
	Read(p []byte) (int, error)
	Write(p []byte) (int, error)
	Close() error
	SetReadDeadline(t time.Time) error
	SetWriteDeadline(t time.Time) error
}

// aLongTimeAgo is a deadline that ends what is under way.
var aLongTimeAgo = time.Unix(1, 0)

// closeWrite ends the sending direction of t, and reports whether t can do that: the
// peer gets to see the end, and what it still sends arrives.
func closeWrite(t Transport) bool {
	w, ok := t.(interface{ CloseWrite() error })
	ok = ok && w.CloseWrite() == nil
	// TLS only sends its own notice; the connection below is to end as well.
	if below, is := below(t).(interface{ CloseWrite() error }); is {
		below.CloseWrite()
	}
	return ok
}

// below returns the connection that t, such as a *tls.Conn, runs on, or nil.
func below(t Transport) net.Conn {
	if n, ok := t.(interface{ NetConn() net.Conn }); ok {
		nc := n.NetConn()
		if s, ok := nc.(*belowtls.Conn); ok {
			return s.TCPConn
		}
		return nc
	}
	return nil
}

// discard reads from t to the end, but at most limit bytes. What it reads means
// nothing any more, so of TLS it's what is below. It waits without a large buffer, as
// a peer may keep many connections at this point.
func discard(t Transport, limit int) {
	var nc Transport = below(t)
	if nc == nil || !isSocket(nc) {
		nc = t
	}
	if discardSocket(nc, limit) {
		return
	}
	p := make([]byte, 512)
	for limit > 0 {
		n, err := nc.Read(p)
		if err != nil {
			return
		}
		limit -= n
	}
}

// plainSource reads from a transport that can't tell when it's ready.
type plainSource struct{ c *Conn }

// ReadLate implements [frame.LateReader].
func (s plainSource) ReadLate(l frame.Lender) (int, error) {
	s.c.beforeRead()
	if err := s.c.beforeWait(); err != nil {
		return 0, err
	}
	n, err := s.c.t.Read(l.Take())
	s.c.afterWait(n)
	return n, err
}

// readWaiter is a [Transport] that can wait for bytes without a buffer.
type readWaiter interface{ WaitRead() error }

// waitingSource reads from such a transport.
type waitingSource struct {
	c *Conn
	w readWaiter
}

// ReadLate implements [frame.LateReader].
func (s waitingSource) ReadLate(l frame.Lender) (n int, err error) {
	s.c.beforeRead()
	if err := s.c.beforeWait(); err != nil {
		return 0, err
	}
	if l.Give() {
		err = s.w.WaitRead()
	}
	if err == nil {
		n, err = s.c.t.Read(l.Take())
	}
	s.c.afterWait(n)
	return n, err
}
