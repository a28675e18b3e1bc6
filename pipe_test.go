package websocket_test

import (
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"hawser/websocket"
)

// TestPipeAgrees: compression is for both sides or for none, as after a handshake.
func TestPipeAgrees(t *testing.T) {
	t.Parallel()
	with, without := websocket.Config{Compression: &websocket.Compression{}}, websocket.Config{}
	for _, test := range []struct {
		client, server websocket.Config
		want           bool
	}{{with, with, true}, {with, without, false}, {without, with, false}, {without, without, false}} {
		c, s := websocket.Pipe(test.client, test.server)
		defer c.CloseNow()
		defer s.CloseNow()
		if got := c.Compressed() != nil; got != test.want || got != (s.Compressed() != nil) {
			t.Errorf("client %v, server %v: %v", test.client.Compression, test.server.Compression, got)
		}
	}
}

// TestPipeDeadlines: they pass when they are due, may be moved and taken back, and those of
// one direction leave the other alone.
func TestPipeDeadlines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := websocket.NewPipe()
		start := time.Now()
		read := func(want time.Duration) {
			t.Helper()
			if n, err := a.Read(make([]byte, 1)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error(n, err)
			}
			if d := time.Since(start); d != want {
				t.Errorf("after %v, want %v", d, want)
			}
		}
		a.SetReadDeadline(start.Add(time.Second))
		read(time.Second)
		read(time.Second)
		a.SetReadDeadline(start.Add(2 * time.Second))
		a.SetReadDeadline(start.Add(3 * time.Second))
		read(3 * time.Second)
		a.SetReadDeadline(time.Now())
		read(3 * time.Second)
		a.SetReadDeadline(time.Now().Add(time.Second))
		a.SetReadDeadline(time.Time{})
		time.AfterFunc(time.Minute, func() { b.Write([]byte("x")) })
		if n, err := a.Read(make([]byte, 1)); n != 1 || err != nil {
			t.Error(n, err)
		}
		a.SetWriteDeadline(time.Now().Add(time.Second))
		if n, err := a.Write(make([]byte, 64<<10+1)); n != 64<<10 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(n, err)
		}
		b.Write([]byte("x"))
		if n, err := a.Read(make([]byte, 1)); n != 1 || err != nil {
			t.Error(n, err)
		}
	})
}
