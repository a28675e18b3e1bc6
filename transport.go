package websocket

import (
	"net"
	"time"

	"hawser/websocket/frame"
)

// Transport is the stream of bytes below a [Conn]. Every [net.Conn] is one.
// If it has a method CloseWrite() error, as TCP, Unix and TLS connections have,
// it's used to end the sending direction before the transport is closed. If it has
// a method CheckClose(frame.Code) error, as that of a browser has, which sends only
// some codes, Close and CloseWrite return its error instead of closing.
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

// closeWrite ends the sending direction of t, as far as t can: the peer gets to
// see the end, and what it still sends arrives.
func closeWrite(t Transport) {
	if w, ok := t.(interface{ CloseWrite() error }); ok {
		w.CloseWrite()
	}
	// TLS only sends its own notice; the connection below is to end as well.
	if n, ok := t.(interface{ NetConn() net.Conn }); ok {
		if w, ok := n.NetConn().(interface{ CloseWrite() error }); ok {
			w.CloseWrite()
		}
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
	s.c.afterWait()
	return n, err
}
