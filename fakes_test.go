package websocket_test

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Transports, and parts of them, that count, wait, or never end.

// wrapped is a net.Conn that is no socket to the Conn, as one of TLS is none.
type wrapped struct{ net.Conn }

func (w wrapped) CloseWrite() error { return w.Conn.(*net.TCPConn).CloseWrite() }

// counter is a transport that counts the writes.
type counter struct {
	net.Conn
	mu     sync.Mutex
	writes int
	err    error // of later writes
}

func (c *counter) Write(p []byte) (int, error) {
	c.mu.Lock()
	c.writes++
	err := c.err
	c.mu.Unlock()
	if err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

func (c *counter) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.writes
}

// gated is a transport whose writes wait to be let through.
type gated struct {
	wrapped
	entered, gate chan bool
}

func (g *gated) Write(p []byte) (int, error) {
	g.entered <- true
	<-g.gate
	return g.wrapped.Write(p)
}

// endless is a peer that sends the same messages again and again, as many at once
// as fit in a buffer, and takes everything.
type endless struct {
	p  []byte
	at int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.p[e.at:])
	if e.at += n; e.at == len(e.p) {
		e.at = 0
	}
	return n, nil
}

func (e *endless) Write(p []byte) (int, error) { return len(p), nil }

func (e *endless) Close() error { return nil }

func (e *endless) SetReadDeadline(time.Time) error { return nil }

func (e *endless) SetWriteDeadline(time.Time) error { return nil }

// endlessAfter is an endless peer that sends something else first.
type endlessAfter struct {
	endless
	first  []byte
	closed atomic.Bool
}

func (e *endlessAfter) Read(p []byte) (int, error) {
	if n := copy(p, e.first); n > 0 {
		e.first = e.first[n:]
		return n, nil
	}
	return e.endless.Read(p)
}

func (e *endlessAfter) CloseWrite() error { return nil }

func (e *endlessAfter) Close() error {
	e.closed.Store(true)
	return nil
}

// slowLink lets a number of bytes through for each second.
type slowLink struct {
	io.Reader
	perSecond int
}

func (l slowLink) Read(p []byte) (int, error) {
	n, err := l.Reader.Read(p[:min(len(p), l.perSecond/64)])
	time.Sleep(time.Duration(n) * time.Second / time.Duration(l.perSecond))
	return n, err
}
