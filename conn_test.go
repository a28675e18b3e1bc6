package websocket_test

import (
	"context"
	"net"
	"testing"

	"hawser/websocket"
	"hawser/websocket/frame"
)

// tcpPair returns a connection over loopback TCP.
func tcpPair(t testing.TB, client, server websocket.Config) (c, s *websocket.Conn) {
	t.Helper()
	a, b := netPair(t)
	c = websocket.NewConn(a, websocket.Setup{Role: frame.Client}, client)
	s = websocket.NewConn(b, websocket.Setup{Role: frame.Server}, server)
	t.Cleanup(func() { c.CloseNow(); s.CloseNow() })
	return c, s
}

func netPair(t testing.TB) (a, b net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	b, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return a, b
}

func echo(c *websocket.Conn) error {
	ctx := c.Context()
	for m, err := range c.Messages(ctx) {
		if err != nil {
			return err
		}
		if err := c.Write(ctx, m.Type, m.Data); err != nil {
			return err
		}
	}
	return c.Err()
}

func TestEcho(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"tcp", "pipe"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c, s *websocket.Conn
			if name == "tcp" {
				c, s = tcpPair(t, websocket.Config{MaxMessage: 32 << 20}, websocket.Config{MaxMessage: 32 << 20})
			} else {
				c, s = websocket.Pipe(websocket.Config{MaxMessage: 32 << 20}, websocket.Config{MaxMessage: 32 << 20})
			}
			done := make(chan error, 1)
			go func() { done <- echo(s) }()
			ctx := context.Background()
			for _, n := range []int{0, 1, 125, 126, 65535, 65536, 1 << 20, 16 << 20} {
				msg := make([]byte, n)
				for i := range msg {
					msg[i] = byte(i * 7)
				}
				go func() {
					if err := c.Write(ctx, websocket.Binary, msg); err != nil {
						t.Error(err)
					}
				}()
				typ, p, err := c.Read(ctx)
				if err != nil {
					t.Fatal(n, err)
				}
				if typ != websocket.Binary || string(p) != string(msg) {
					t.Fatalf("%d bytes: got %v of %d bytes", n, typ, len(p))
				}
			}
			if err := c.Close(frame.CodeNormal, "bye"); err != nil {
				t.Error(err)
			}
			t.Log(<-done, c.Err())
		})
	}
}

func BenchmarkEcho(b *testing.B) {
	for _, name := range []string{"tcp", "pipe"} {
		b.Run(name, func(b *testing.B) {
			var c, s *websocket.Conn
			if name == "tcp" {
				c, s = tcpPair(b, websocket.Config{}, websocket.Config{})
			} else {
				c, s = websocket.Pipe(websocket.Config{}, websocket.Config{})
			}
			go echo(s)
			ctx := context.Background()
			msg := make([]byte, 125)
			b.ReportAllocs()
			for b.Loop() {
				if err := c.Write(ctx, websocket.Binary, msg); err != nil {
					b.Fatal(err)
				}
				if _, _, err := c.Read(ctx); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
