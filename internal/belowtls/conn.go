// Package belowtls has the connection that goes below TLS where this module makes both.
//
// A tls.Conn doesn't tell whether anything is left to be read, and above it one can only
// find out by a read with a deadline in the past, which never gets to the socket. A
// [Conn] below it can be read without waiting, so what has arrived comes to its end.
// It's internal because it means something only to package websocket, which looks for
// it, and to the packages that put it there.
package belowtls

import (
	"net"
	"syscall"
)

// Conn is a TCP connection that can also be read without waiting. One goroutine at a
// time may read.
type Conn struct {
	*net.TCPConn
	rc     syscall.RawConn
	noWait bool
	more   bool // the last read got all that was asked for, so there may be more

	attempt func(fd uintptr) bool // read, kept: a method value allocates
	p       []byte
	n       int
	err     error
}

// New returns nc as it's to be put below TLS: a [Conn] if it's a TCP connection and
// the system can read without waiting, else nc itself.
func New(nc net.Conn) net.Conn {
	tcp, ok := nc.(*net.TCPConn)
	if !ok || !canTry {
		return nc
	}
	rc, err := tcp.SyscallConn()
	if err != nil {
		return nc
	}
	c := &Conn{TCPConn: tcp, rc: rc}
	c.attempt = c.try
	return c
}

// NoWait makes reads return an error at once that is temporary when they would have to
// wait, or not again. It's for whoever reads.
func (c *Conn) NoWait(on bool) { c.noWait = on }

// Read is that of [net.TCPConn] unless [Conn.NoWait] was called.
func (c *Conn) Read(p []byte) (n int, err error) {
	switch {
	case !c.noWait:
		n, err = c.TCPConn.Read(p)
	case !c.more:
		return 0, errNothing
	default:
		c.p, c.n, c.err = p, 0, nil
		err = c.rc.Read(c.attempt)
		if c.p, n = nil, c.n; c.err != nil {
			err = c.err
		}
	}
	c.more = n == len(p)
	return n, err
}

// nothing says that there's nothing to read now. TLS forgets errors that are temporary.
type nothing struct{}

var errNothing error = nothing{}

func (nothing) Error() string   { return "belowtls: nothing to read now" }
func (nothing) Timeout() bool   { return true }
func (nothing) Temporary() bool { return true }

var _ net.Error = nothing{}
