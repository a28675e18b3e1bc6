package belowtls

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

func pair(t *testing.T) (c *Conn, peer net.Conn) {
	t.Helper()
	if !canTry {
		t.Skip("this system can't read without waiting")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	peer, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	nc, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close(); peer.Close() })
	return New(nc).(*Conn), peer
}

func send(t *testing.T, c net.Conn, s string) {
	t.Helper()
	if _, err := io.WriteString(c, s); err != nil {
		t.Fatal(err)
	}
}

// TestNoWait: a read without waiting gets what is left of what has arrived, then an
// error that is temporary, and a read that waits goes on after it.
func TestNoWait(t *testing.T) {
	t.Parallel()
	c, peer := pair(t)
	send(t, peer, "abcdef")
	p := make([]byte, 2)
	read := func(want string) {
		t.Helper()
		if n, err := c.Read(p); string(p[:n]) != want || err != nil {
			t.Fatalf("%q, %v; want %q", p[:n], err, want)
		}
	}
	nothing := func() {
		t.Helper()
		var e net.Error
		if n, err := c.Read(p); n != 0 || !errors.As(err, &e) || !e.Timeout() || !e.Temporary() {
			t.Fatal(n, err)
		}
	}
	for range 3 {
		c.NoWait(false)
		read("ab")
		c.NoWait(true)
		read("cd")
		read("ef")
		nothing()
		nothing()
		send(t, peer, "a")
		c.NoWait(false)
		read("a")
		c.NoWait(true)
		nothing() // as less came than was asked for
		send(t, peer, "abcdef")
	}
}

// TestNoWaitEnds: the end, a deadline and a closed connection are told as by other reads.
func TestNoWaitEnds(t *testing.T) {
	t.Parallel()
	c, peer := pair(t)
	p := make([]byte, 2)
	full := func() {
		t.Helper()
		c.NoWait(false)
		send(t, peer, "ab")
		if _, err := c.Read(p); err != nil {
			t.Fatal(err)
		}
		c.NoWait(true)
	}
	full()
	c.SetReadDeadline(time.Unix(1, 0))
	if _, err := c.Read(p); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	c.SetReadDeadline(time.Time{})
	full()
	peer.Close()
	for c.more = true; ; c.more = true { // until the end has arrived
		if _, err := c.Read(p); err != errNothing {
			if err != io.EOF {
				t.Error(err)
			}
			break
		}
	}
	c.Close()
	c.more = true
	if _, err := c.Read(p); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

// TestOthers: what is no TCP connection stays as it is.
func TestOthers(t *testing.T) {
	t.Parallel()
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	if New(a) != a {
		t.Error("a pipe was wrapped")
	}
}
