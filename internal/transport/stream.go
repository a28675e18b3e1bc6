// Package transport has the stream of bytes below a connection of package websocket: how
// it is read without a buffer while it waits, and written without waiting; on plain
// sockets, on TLS and on anything else that is like a [net.Conn].
//
// It is the only owner of the deadlines: a context ends a read by means of the read
// deadline, a context or a time limit ends a write by means of the write deadline. It
// knows nothing of frames but the buffer to read into, and nothing of messages. It is
// internal because the methods that a transport of a user needs are in
// [hawser/websocket.Transport], and everything else here means something only to
// package websocket.
package transport

import (
	"context"
	"crypto/tls"
	"net"
	"sync/atomic"
	"time"

	"hawser/websocket/frame"
	"hawser/websocket/internal/belowtls"
)

// Conn is what a [Stream] runs on.
type Conn interface {
	Read(p []byte) (int, error)
	Write(p []byte) (int, error)
	Close() error
	SetReadDeadline(t time.Time) error
	SetWriteDeadline(t time.Time) error
}

// Hooks is what a [Stream] asks and tells whoever reads from it, in the midst of a read.
type Hooks interface {
	// BeforeRead is called once for each read, before it begins.
	BeforeRead()
	// BeforeWait is called each time before the read waits for the peer.
	BeforeWait()
	// AfterRead is called once for each read, when it has n bytes or an error.
	AfterRead(n int)
	// Context returns the context that ends the read if it waits.
	Context() context.Context
	// Lender returns the lender of the buffer to read into.
	Lender() frame.Lender
	// Left returns how many bytes are still to come of the frame whose payload is being
	// read, 0 between frames.
	Left() int64
}

// Stream is the transport of one connection. One goroutine at a time may read, and one
// write, which is for the caller to see to; all else may be called at any time.
type Stream struct {
	Conn  Conn // may be asked for its addresses and the like
	hooks Hooks
	socket
	watch atomic.Pointer[watch]      // the owner of the read deadline; nil if no context could end a read so far
	limit atomic.Pointer[writeLimit] // an owner of the write deadline; nil if no write had to wait so far; stored by whoever writes
}

// New returns the stream of bytes that c is.
func New(c Conn, hooks Hooks) *Stream {
	s := &Stream{Conn: c, hooks: hooks}
	s.initSocket()
	return s
}

// Source returns how the stream is read. It's for one [frame.Reader], of which
// [Hooks.Lender] returns the lender.
func (s *Stream) Source() frame.LateReader {
	if s.Tries() {
		return (*socketSource)(s)
	}
	if tc, ok := s.Conn.(*tls.Conn); ok && tc.ConnectionState().HandshakeComplete {
		return newTLSSource(s, tc)
	}
	if w, ok := s.Conn.(readWaiter); ok {
		return waitingSource{s, w}
	}
	return plainSource{s}
}

// Tries reports whether the stream can be written without waiting for the peer: see
// [Stream.TryWrite].
func (s *Stream) Tries() bool { return s.socket.ok() }

// Forget lets go of the context of the last read, at the end of the connection. After it
// no context ends a read any more.
func (s *Stream) Forget() {
	if w := s.watch.Swap(noWatch); w != nil && w != noWatch {
		w.forget()
	}
}

// StopLimit lets go of the timer that bounds writes, at the end of the connection.
func (s *Stream) StopLimit() {
	if w := s.limit.Load(); w != nil {
		w.stop()
	}
}

// aLongTimeAgo is a deadline that ends what is under way.
var aLongTimeAgo = time.Unix(1, 0)

// below returns the connection that c, such as a *tls.Conn, runs on, or nil.
func below(c Conn) net.Conn {
	if n, ok := c.(interface{ NetConn() net.Conn }); ok {
		nc := n.NetConn()
		if s, ok := nc.(*belowtls.Conn); ok {
			return s.TCPConn
		}
		return nc
	}
	return nil
}
