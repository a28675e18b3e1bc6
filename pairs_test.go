package websocket_test

import (
	"errors"
	"net"
	"os"
	"testing"

	"hawser/websocket"
	"hawser/websocket/frame"
	"hawser/websocket/handshake"
)

// Ways to join two Conns, or two streams.

// netPair returns the two ends of a TCP connection on loopback.
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
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

// tcpPair returns the two ends of a connection over loopback TCP.
func tcpPair(t testing.TB, client, server websocket.Config) (c, s *websocket.Conn) {
	t.Helper()
	a, b := netPair(t)
	c = websocket.NewConn(a, websocket.Setup{Role: frame.Client}, client)
	s = websocket.NewConn(b, websocket.Setup{Role: frame.Server}, server)
	t.Cleanup(func() { c.CloseNow(); s.CloseNow() })
	return c, s
}

// pairs are the ways to connect two Conns.
var pairs = map[string]func(t testing.TB, client, server websocket.Config) (c, s *websocket.Conn){
	"tcp": tcpPair,
	"tls": tlsPair,
	"pipe": func(t testing.TB, client, server websocket.Config) (*websocket.Conn, *websocket.Conn) {
		c, s := websocket.Pipe(client, server)
		t.Cleanup(func() { c.CloseNow(); s.CloseNow() })
		return c, s
	},
}

func forPairs(t *testing.T, cfg websocket.Config, f func(t *testing.T, c, s *websocket.Conn)) {
	for name, pair := range pairs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := pair(t, cfg, cfg)
			f(t, c, s)
		})
	}
}

// wrappedPair returns two Conns that are joined in memory, on transports of the given
// kinds.
func wrappedPair(client, server string, cfg websocket.Config) (c, s *websocket.Conn) {
	a, b := websocket.NewPipe()
	c = websocket.NewConn(wrappings[client](a), websocket.Setup{Role: frame.Client}, cfg)
	s = websocket.NewConn(wrappings[server](b), websocket.Setup{Role: frame.Server}, cfg)
	return c, s
}

// agree negotiates as client and server do.
func agree(t testing.TB, client, server *websocket.Compression) *handshake.Deflate {
	t.Helper()
	offer := handshake.OfferDeflate(client.Deflate(frame.Client))
	answer, agreed, ok := handshake.AcceptDeflate(offer, server.Deflate(frame.Server))
	if same, err := handshake.CheckDeflate(offer, answer); !ok || err != nil || same != agreed {
		t.Fatalf("%+v and %+v: %v", agreed, same, err)
	}
	return &agreed
}

// deflatePair returns the two ends of a connection with compression over TCP.
func deflatePair(t testing.TB, client, server websocket.Compression) (c, s *websocket.Conn) {
	t.Helper()
	a, b := netPair(t)
	agreed := agree(t, &client, &server)
	cfg := func(k *websocket.Compression) websocket.Config {
		return websocket.Config{MaxMessage: 32 << 20, Compression: k}
	}
	c = websocket.NewConn(a, websocket.Setup{Role: frame.Client, Deflate: agreed}, cfg(&client))
	s = websocket.NewConn(b, websocket.Setup{Role: frame.Server, Deflate: agreed}, cfg(&server))
	t.Cleanup(func() { c.CloseNow(); s.CloseNow() })
	return c, s
}

var noTakeover = handshake.Deflate{ServerNoTakeover: true, ClientNoTakeover: true}

// streams returns the two ends of a stream in memory.
func streams(client, server websocket.Config) (c, s *websocket.Conn, a, b net.Conn) {
	c, s = websocket.Pipe(client, server)
	return c, s, websocket.NetConn(c, websocket.Binary), websocket.NetConn(s, websocket.Binary)
}

// silent returns a Conn and the far end of its transport, which says nothing.
func silent(role frame.Role, cfg websocket.Config) (*websocket.Conn, net.Conn) {
	near, far := net.Pipe()
	return websocket.NewConn(near, websocket.Setup{Role: role}, cfg), far
}

// timedOut fails unless err is what a deadline of a net.Conn makes of a call.
func timedOut(t *testing.T, err error) {
	t.Helper()
	if n, ok := err.(net.Error); !ok || !n.Timeout() || !errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, net.ErrClosed) {
		t.Errorf("%v, not a timeout", err)
	}
}

// stuck writes to n until it fails, with a write of the given size.
func stuck(n net.Conn, size int) error {
	p := make([]byte, size)
	for {
		if _, err := n.Write(p); err != nil {
			return err
		}
	}
}
