package websocket

import (
	"context"
	"net"
	"testing"

	"hawser/websocket/frame"
)

// TestNothingIsHeldForAPeerThatWaits: only when the next message has begun to arrive may an
// answer wait for it.
func TestNothingIsHeldForAPeerThatWaits(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	peer, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	nc, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c := NewConn(nc, Setup{Role: frame.Server}, Config{})
	defer c.CloseNow()
	one := frame.Append(nil, frame.Header{Fin: true, Opcode: frame.Text, Masked: true}, []byte("hello"))
	for _, test := range []struct {
		sent []byte
		more []bool // after each message that is read
	}{
		{one, []bool{false}},
		{append(append([]byte{}, one...), one...), []bool{true, false}},
	} {
		if _, err := peer.Write(test.sent); err != nil {
			t.Fatal(err)
		}
		for i, want := range test.more {
			if _, _, err := c.Read(context.Background()); err != nil {
				t.Fatal(err)
			}
			if got := c.out.more.Load(); got != want {
				t.Errorf("%d bytes sent: after message %d, more %v", len(test.sent), i+1, got)
			}
		}
	}
}
