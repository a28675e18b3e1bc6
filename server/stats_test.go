package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket"
	"hawser/websocket/frame"
	"hawser/websocket/server"
)

// TestStats: everything that happens is counted as what it was.
func TestStats(t *testing.T) {
	t.Parallel()
	s := &server.Server{
		Check: func(r *http.Request) error {
			if r.URL.Path == "/no" {
				return errors.New("no")
			}
			return nil
		},
	}
	s.Handler = func(ctx context.Context, c *websocket.Conn) {
		for m, err := range c.Messages(ctx) {
			if err == nil && string(m.Data) == "cut" {
				c.CloseNow()
			}
		}
	}
	url := start(t, s)
	ending := func(f func(c *websocket.Conn)) {
		c := dial(t, url)
		f(c)
		c.Read(ctx)
		<-c.Done()
	}
	ending(func(c *websocket.Conn) { c.Close(1000, "") })
	ending(func(c *websocket.Conn) { c.Close(4242, "reason") })
	ending(func(c *websocket.Conn) { c.Close(frame.CodeNone, "") })
	ending(func(c *websocket.Conn) { c.Write(ctx, websocket.Text, []byte("\xff")) })
	ending(func(c *websocket.Conn) { c.Write(ctx, websocket.Text, []byte("cut")) })
	raw := func(url, more string) {
		nc, br := rawDial(t, url, good, more)
		if resp, err := http.ReadResponse(br, nil); err != nil || resp.StatusCode != 101 {
			t.Fatal(resp, err)
		}
		if more != "" {
			nc.(interface{ CloseWrite() error }).CloseWrite()
		}
		io.Copy(io.Discard, br)
	}
	raw(url, "\x81\x85") // ends in the midst of a frame
	for path, header := range map[string]http.Header{"/no": nil, "/": {"Origin": {"http://evil.example"}}} {
		if c, got, _ := status(t, url+path, header); c != nil || got != 403 {
			t.Error(path, got)
		}
	}
	if resp, err := http.Get("http" + strings.TrimPrefix(url, "ws")); err != nil || resp.StatusCode != 426 {
		t.Error(resp, err)
	}
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if _, got, h := status(t, url, nil); got != 503 || h.Get("Retry-After") == "" {
		t.Error(got, h)
	}
	want := server.Stats{
		Opened:  6,
		Refused: map[string]uint64{"check": 1, "origin": 1, "request": 1, "closing": 1},
		Closed:  map[frame.Code]uint64{1000: 1, 4242: 1, 1005: 1, 1007: 1, 1006: 2},
		Failed:  map[string]uint64{"protocol": 1, "cut off": 1, "end of stream": 1},
	}
	got := s.Stats()
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}

	impatient := &server.Server{Handler: echo, Config: websocket.Config{PingInterval: 20 * time.Millisecond, PingTimeout: 20 * time.Millisecond}}
	raw(start(t, impatient), "") // answers no ping
	if err := impatient.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if d := cmp.Diff(map[string]uint64{"ping timeout": 1}, impatient.Stats().Failed); d != "" {
		t.Error(d)
	}
	b, err := json.Marshal(got)
	if err != nil || !strings.Contains(string(b), `"closed":{"1000":1,"1005":1,`) {
		t.Errorf("%s, %v", b, err)
	}
}
