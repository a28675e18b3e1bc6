package server_test

import (
	"testing"
	"testing/synctest"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
	"hawser/websocket/server"
)

// TestSlow is line R2: what becomes of a peer that doesn't take what is posted,
// after it got what was accepted before.
func TestSlow(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		policy server.SlowPolicy
		code   frame.Code
	}{
		{"1008", server.CloseSlow, frame.CodePolicyViolation},
		{"1013", server.CloseSlow1013, frame.CodeTryAgainLater},
		{"drop", server.DropNewest, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const size = 50_000 // of which the pipe holds one and a bit
				c, sc := websocket.Pipe(websocket.Config{}, websocket.Config{MaxQueue: 4 * size, PingInterval: -1})
				defer c.CloseNow()
				defer sc.CloseNow()
				s := &server.Server{Slow: tt.policy}
				m := websocket.NewPrepared(websocket.Binary, make([]byte, size))
				accepted := 0
				for s.Post(sc, m) == nil {
					accepted++
				}
				if s.Stats().Dropped != 1 || accepted < 3 {
					t.Errorf("%+v after %d messages", s.Stats(), accepted)
				}
				synctest.Wait()
				for range accepted {
					if _, p, err := c.Read(ctx); len(p) != size || err != nil {
						t.Fatalf("%d bytes, %v", len(p), err)
					}
				}
				if tt.code != 0 {
					if _, _, err := c.Read(ctx); websocket.CloseCode(err) != tt.code {
						t.Error(err)
					}
					return
				}
				if err := s.Post(sc, websocket.NewPrepared(websocket.Text, []byte("next"))); err != nil {
					t.Error(err)
				}
				if _, p, err := c.Read(ctx); string(p) != "next" || err != nil {
					t.Errorf("%q, %v", p, err)
				}
				time.Sleep(time.Minute)
				if c.Err() != nil || sc.Err() != nil {
					t.Error(c.Err(), sc.Err())
				}
			})
		})
	}
}
