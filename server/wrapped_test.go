package server_test

import (
	"context"
	"net"
	"net/http"
	"testing"
	"time"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/server"
)

// wrappingListener hands out connections without a CloseWrite, as many listeners that
// wrap another do.
type wrappingListener struct{ net.Listener }

func (l wrappingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return struct{ net.Conn }{c}, nil
}

// TestWrappedListener: behind one, neither a closing handshake nor Shutdown waits for
// the close timeout, and a client that keeps its stream open keeps no place.
func TestWrappedListener(t *testing.T) {
	t.Parallel()
	s := &server.Server{Handler: echo, MaxConns: 1, Config: websocket.Config{CloseTimeout: time.Hour}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	hs := &http.Server{Handler: s}
	go hs.Serve(wrappingListener{l})
	defer hs.Close()
	own, cancel := context.WithTimeout(context.Background(), 20*time.Second) // of a test that hangs
	defer cancel()
	url := "ws://" + l.Addr().String()
	// Neither side may wait for its own close timeout.
	d := client.Dialer{Config: websocket.Config{CloseTimeout: time.Minute}}
	// A place is free when the connection before is over: it's the only one.
	dial := func() *websocket.Conn {
		for {
			c, _, err := d.Dial(own, url)
			if err == nil {
				return c
			}
			if own.Err() != nil {
				t.Fatal(err)
			}
		}
	}
	c := dial()
	if err := c.Close(websocket.CodeNormal, ""); err != nil {
		t.Error(err)
	}
	c = dial()
	go c.Read(own)
	if err := s.Shutdown(own); err != nil {
		t.Error(err)
	}
	<-c.Done()
	if code := websocket.CloseCode(c.Err()); code != websocket.CodeGoingAway {
		t.Error(c.Err())
	}
}
