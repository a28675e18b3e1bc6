package websocket_test

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket"
	"hawser/websocket/frame"
)

func TestNetConn(t *testing.T) {
	t.Parallel()
	forPairs(t, large, func(t *testing.T, c, s *websocket.Conn) {
		a, b := websocket.NetConn(c, websocket.Binary), websocket.NetConn(s, websocket.Binary)
		go func() {
			for _, part := range []string{"Hel", "", "lo, ", "world"} {
				if _, err := io.WriteString(a, part); err != nil {
					t.Error(err)
				}
			}
			if err := a.Close(); err != nil {
				t.Error(err)
			}
		}()
		got, err := io.ReadAll(b)
		if string(got) != "Hello, world" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		if a.LocalAddr() == nil || b.RemoteAddr().Network() == "" || b.RemoteAddr().String() == "" {
			t.Error("no addresses")
		}
		<-c.Done()
		if _, err := a.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
}

func TestNetConnType(t *testing.T) {
	t.Parallel()
	c, s := tcpPair(t, large, large)
	go func() {
		c.Write(ctx, websocket.Text, []byte("text"))
		c.Read(ctx)
	}()
	if _, err := websocket.NetConn(s, websocket.Binary).Read(make([]byte, 10)); err == nil {
		t.Error("a text was read from a binary stream")
	}
	<-c.Done()
	if code := websocket.CloseCode(c.Err()); code != frame.CodeUnsupportedData {
		t.Error(code)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	c, s := tcpPair(t, large, large)
	type point struct{ X, Y int }
	if err := websocket.WriteJSON(ctx, c, point{1, 2}); err != nil {
		t.Fatal(err)
	}
	c.Write(ctx, websocket.Text, []byte("{"))
	var got point
	if err := websocket.ReadJSON(ctx, s, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(point{1, 2}, got); diff != "" {
		t.Error(diff)
	}
	var syntax *json.SyntaxError
	if err := websocket.ReadJSON(ctx, s, &got); !errors.As(err, &syntax) || s.Err() != nil {
		t.Error(err)
	}
	if err := websocket.WriteJSON(ctx, c, func() {}); err == nil {
		t.Error("a func was written as JSON")
	}
	c.CloseNow()
	closeError(t, websocket.ReadJSON(ctx, c, &got))
}
