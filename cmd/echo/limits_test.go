package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/frame"
)

// TestLimitFlags: each limit has a flag, and a client that goes beyond it sees what
// the README says.
func TestLimitFlags(t *testing.T) {
	t.Parallel()
	closed := func(code frame.Code, reason string) func(*testing.T, string) {
		return func(t *testing.T, addr string) { wantClose(t, dial(t, addr), code, reason) }
	}
	tests := []struct {
		args string
		see  func(t *testing.T, addr string)
	}{
		{"-max-conns 1", func(t *testing.T, addr string) { wantRefusal(t, addr, 503) }},
		{"-max-conns-per-addr 1", func(t *testing.T, addr string) { wantRefusal(t, addr, 429) }},
		{"-max-message 10", func(t *testing.T, addr string) {
			c := dial(t, addr)
			c.Write(ctx, websocket.Text, make([]byte, 11))
			wantClose(t, c, frame.CodeTooBig, "")
		}},
		{"-max-fragments 3", func(t *testing.T, addr string) {
			c := dial(t, addr)
			w, _ := c.Writer(ctx, websocket.Binary)
			w.Write(make([]byte, 1<<20))
			wantClose(t, c, frame.CodePolicyViolation, "")
		}},
		{"-idle-timeout 50ms", closed(frame.CodeGoingAway, "idle")},
		{"-lifetime 50ms", closed(frame.CodeGoingAway, "")},
		{"-ping 20ms -ping-timeout 30ms", func(t *testing.T, addr string) { wantEnd(t, rawDial(t, addr, upgrade)) }},
		{"-close-timeout 50ms -lifetime 50ms", func(t *testing.T, addr string) { wantEnd(t, rawDial(t, addr, upgrade)) }},
		{"-head-timeout 50ms", func(t *testing.T, addr string) { wantEnd(t, rawDial(t, addr, strings.TrimSuffix(upgrade, "\r\n"))) }},
		{"-max-handshakes 1", func(t *testing.T, addr string) {
			defer rawDial(t, addr, "GET ").Close()
			wantEnd(t, rawDial(t, addr, "GET "))
		}},
		{"-max-head 1000", func(t *testing.T, addr string) {
			long := strings.Replace(upgrade, "\r\n", "\r\nX: "+strings.Repeat("x", 9000)+"\r\n", 1)
			if got := wantEnd(t, rawDial(t, addr, long)); !strings.HasPrefix(got, "HTTP/1.1 431 ") {
				t.Errorf("%q", got)
			}
		}},
		{"-write-timeout 50ms", func(t *testing.T, addr string) {
			nc := rawDial(t, addr, upgrade)
			msg := frame.Append(nil, frame.Header{Fin: true, Opcode: frame.Binary, Masked: true}, make([]byte, 1<<20))
			for { // reading nothing
				if _, err := nc.Write(msg); err != nil {
					if errors.Is(err, errTimeout) {
						t.Error(err)
					}
					return
				}
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			t.Parallel()
			addr, _, _ := start(t, append(strings.Fields(tt.args), "-quiet", "-drain", "100ms")...)
			tt.see(t, strings.Replace(addr, "localhost", "127.0.0.1", 1)) // always the same address
		})
	}
}

const upgrade = "GET /echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

var errTimeout = errors.New("nothing happens")

// patientConn tells a deadline of its own from other errors.
type patientConn struct{ net.Conn }

func (c patientConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	return n, patience(err)
}

func (c patientConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	return n, patience(err)
}

func patience(err error) error {
	var ne net.Error
	if errors.As(err, &ne) && ne.Timeout() {
		return errTimeout
	}
	return err
}

func rawDial(t *testing.T, addr, send string) net.Conn {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(30 * time.Second))
	io.WriteString(nc, send)
	return patientConn{nc}
}

// wantEnd waits until the server ends the connection, and returns what it said.
func wantEnd(t *testing.T, nc net.Conn) string {
	t.Helper()
	b, err := io.ReadAll(nc)
	if errors.Is(err, errTimeout) {
		t.Error(err)
	}
	return string(b)
}

func dial(t *testing.T, addr string) *websocket.Conn {
	t.Helper()
	c, err := client.Dial(ctx, "ws://"+addr+"/echo")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	return c
}

func wantClose(t *testing.T, c *websocket.Conn, code frame.Code, reason string) {
	t.Helper()
	for {
		_, _, err := c.Read(ctx)
		if err == nil {
			continue
		}
		var e *websocket.CloseError
		if !errors.As(err, &e) || e.Code != code || e.Reason != reason {
			t.Error(err)
		}
		return
	}
}

// wantRefusal expects that a second connection is refused.
func wantRefusal(t *testing.T, addr string, status int) {
	t.Helper()
	dial(t, addr)
	_, resp, err := new(client.Dialer).Dial(ctx, "ws://"+addr+"/echo")
	if err == nil || resp.StatusCode != status || resp.Header.Get("Retry-After") == "" {
		t.Error(resp, err)
	}
}

// TestAll: what one says on /all goes to all who are there, in the same order.
func TestAll(t *testing.T) {
	t.Parallel()
	addr, out, _ := start(t)
	var conns []*websocket.Conn
	for range 3 {
		c, err := client.Dial(ctx, "ws://"+addr+"/all")
		if err != nil {
			t.Fatal(err)
		}
		defer c.CloseNow()
		c.Write(ctx, websocket.Text, []byte("here")) // so that it is
		read(t, c, websocket.Text, "here")
		for _, other := range conns {
			read(t, other, websocket.Text, "here")
		}
		conns = append(conns, c)
	}
	const n = 50
	for i := range n {
		conns[i%3].Write(ctx, websocket.Binary, fmt.Append(nil, i))
	}
	want := map[string]int{}
	for i := range n {
		_, p, err := conns[0].Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		want[string(p)] = i
		for _, c := range conns[1:] {
			read(t, c, websocket.Binary, string(p))
		}
	}
	if len(want) != n {
		t.Error(want)
	}
	out.waitLine("client connected")
}

// TestSlowClient is line R2: one on /all that doesn't read is dealt with as -slow
// says, and the others don't notice.
func TestSlowClient(t *testing.T) {
	t.Parallel()
	for policy, code := range map[string]frame.Code{"close": frame.CodePolicyViolation, "retry": frame.CodeTryAgainLater} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			addr, _, _ := start(t, "-quiet", "-slow", policy, "-close-timeout", "1m", "-max-queue", "100000", "-compress", "off")
			slow, err := client.Dial(ctx, "ws://"+addr+"/all")
			if err != nil {
				t.Fatal(err)
			}
			defer slow.CloseNow()
			slow.Write(ctx, websocket.Text, []byte("here"))
			read(t, slow, websocket.Text, "here")
			c, err := client.Dial(ctx, "ws://"+addr+"/all")
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			msg := make([]byte, 90_000)
			for range 300 { // more than the network holds
				c.Write(ctx, websocket.Binary, msg)
				read(t, c, websocket.Binary, string(msg))
			}
			wantClose(t, slow, code, "too slow")
		})
	}
}

// TestTrustedProxies: with a proxy in front it's the client that is counted.
func TestTrustedProxies(t *testing.T) {
	t.Parallel()
	addr, _, _ := start(t, "-quiet", "-max-conns-per-addr", "1", "-trusted-proxies", "127.0.0.1, ::1/128")
	for i, want := range []int{101, 101, 429} {
		d := &client.Dialer{Header: http.Header{"X-Forwarded-For": {fmt.Sprintf("192.0.2.%d", i%2)}}}
		c, resp, err := d.Dial(ctx, "ws://"+addr+"/echo")
		if resp == nil || resp.StatusCode != want {
			t.Fatal(resp, err)
		}
		if c != nil {
			defer c.CloseNow()
		}
	}
}
