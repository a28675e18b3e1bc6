package websocket_test

import (
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
)

// TestIdleTimeout: who says nothing for too long is sent away, however much it
// pings; not if it's this side that doesn't read.
func TestIdleTimeout(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		busy time.Duration // of the server, between messages
		talk func(c *websocket.Conn)
		want time.Duration // of the whole connection
	}{
		{"silent", 0, func(*websocket.Conn) {}, time.Minute},
		{"pings_do_not_count", 0, func(c *websocket.Conn) {
			for range 10 {
				time.Sleep(9 * time.Second) // never at the moment that the server looks
				c.Ping(ctx, nil)
			}
		}, time.Minute},
		{"messages", 0, func(c *websocket.Conn) {
			for range 3 {
				time.Sleep(50 * time.Second)
				c.Write(ctx, websocket.Text, []byte("hello"))
			}
		}, 210 * time.Second},
		{"a_message_begun_counts_once", 0, func(c *websocket.Conn) {
			w, _ := c.Writer(ctx, websocket.Binary)
			for range 30 {
				time.Sleep(9 * time.Second)
				w.Write(make([]byte, 64<<10))
			}
			w.Close()
		}, 69 * time.Second},
		{"server_busy", 10 * time.Minute, func(c *websocket.Conn) {
			c.Write(ctx, websocket.Text, []byte("hello"))
		}, 11 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, s := websocket.Pipe(websocket.Config{}, websocket.Config{IdleTimeout: time.Minute})
				begin := time.Now()
				go func() {
					for {
						_, r, err := s.Reader(ctx)
						if err != nil {
							return
						}
						io.Copy(io.Discard, r)
						time.Sleep(tt.busy)
					}
				}()
				go tt.talk(c)
				_, _, err := c.Read(ctx)
				var e *websocket.CloseError
				if !errors.As(err, &e) || e.Code != frame.CodeGoingAway || e.Reason != "idle" {
					t.Error(err)
				}
				if d := time.Since(begin); d != tt.want {
					t.Errorf("it lasted %v, want %v", d, tt.want)
				}
				c.CloseNow()
				s.CloseNow()
				time.Sleep(time.Hour) // for talk
			})
		})
	}
}
