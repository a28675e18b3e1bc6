package websocket

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestLiveness: what the silence of a peer calls for, and when to look again.
func TestLiveness(t *testing.T) {
	t.Parallel()
	const second = time.Second
	type step struct {
		what string
		do   func(l *liveness, cfg *Config)
		wait time.Duration // after that
		due  int
		next time.Duration
	}
	waits := func(spoke bool) func(*liveness, *Config) {
		return func(l *liveness, cfg *Config) { l.waits(cfg, spoke) }
	}
	got := func(n int) func(*liveness, *Config) {
		return func(l *liveness, _ *Config) { l.got(n) }
	}
	for _, test := range []struct {
		name  string
		cfg   Config
		steps []step
	}{
		{"no limits", Config{}, []step{
			{"waits", waits(true), time.Hour, nothingDue, 0},
		}},
		{"nobody reads", Config{PingInterval: 30 * second, PingTimeout: 20 * second}, []step{
			{"nothing", nil, 10 * second, nothingDue, 30 * second},
			{"nothing", nil, time.Hour, nothingDue, 30 * second},
		}},
		{"a peer that answers", Config{PingInterval: 30 * second, PingTimeout: 20 * second}, []step{
			{"waits", waits(false), 29 * second, nothingDue, second},
			{"waits", nil, second, pingDue, 20 * second},
			{"waits", nil, 19 * second, nothingDue, second},
			{"answers", got(1), 0, nothingDue, 30 * second},
			{"waits", waits(false), second, nothingDue, 29 * second},
			{"waits", nil, 29 * second, pingDue, 20 * second},
			{"waits", nil, 20 * second, pongLate, 0},
		}},
		{"a byte comes just as the pong is late", Config{PingInterval: 30 * second, PingTimeout: 20 * second}, []step{
			{"waits", waits(false), 30 * second, pingDue, 20 * second},
			{"a byte", got(1), 0, nothingDue, 30 * second},
			{"waits", waits(false), 20 * second, nothingDue, 10 * second},
		}},
		{"a context ends the wait, which goes on later", Config{PingInterval: 30 * second, PingTimeout: 20 * second}, []step{
			{"waits", waits(false), 10 * second, nothingDue, 20 * second},
			{"context", got(0), 5 * second, nothingDue, 30 * second},
			{"another context, without a wait", got(0), 5 * second, nothingDue, 30 * second},
			{"waits", waits(false), 5 * second, nothingDue, 5 * second},
			{"waits", waits(false), 5 * second, pingDue, 20 * second},
		}},
		{"idle", Config{IdleTimeout: 60 * second}, []step{
			{"waits", waits(false), 59 * second, nothingDue, second},
			{"ping", got(1), 0, nothingDue, 60 * second},
			{"waits", waits(false), 0, nothingDue, second},
			{"waits", nil, second, idleTooLong, 0},
		}},
		{"messages keep it from being idle", Config{IdleTimeout: 60 * second}, []step{
			{"waits", waits(false), 59 * second, nothingDue, second},
			{"message", got(1), 0, nothingDue, 60 * second},
			{"waits", waits(true), 0, nothingDue, 60 * second},
			{"waits", nil, 59 * second, nothingDue, second},
		}},
		{"a slow handler doesn't make the peer idle", Config{IdleTimeout: 60 * second}, []step{
			{"waits", waits(false), 10 * second, nothingDue, 50 * second},
			{"message", got(1), time.Hour, nothingDue, 60 * second},
		}},
		{"idle before the ping", Config{IdleTimeout: 10 * second, PingInterval: 30 * second, PingTimeout: 20 * second}, []step{
			{"waits", waits(false), 4 * second, nothingDue, 6 * second},
			{"waits", nil, 6 * second, idleTooLong, 0},
		}},
		{"the ping before idle", Config{IdleTimeout: 90 * second, PingInterval: 30 * second, PingTimeout: 20 * second}, []step{
			{"waits", waits(false), 4 * second, nothingDue, 26 * second},
			{"waits", nil, 26 * second, pingDue, 20 * second},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var l liveness
				if first := l.start(&test.cfg); first != sooner(test.cfg.PingInterval, test.cfg.IdleTimeout) {
					t.Errorf("it looks first after %v", first)
				}
				for i, s := range test.steps {
					if s.do != nil {
						s.do(&l, &test.cfg)
					}
					time.Sleep(s.wait)
					if due, next := l.look(&test.cfg); due != s.due || next != s.next {
						t.Fatalf("step %d, %s: %d due, next after %v; want %d, %v", i, s.what, due, next, s.due, s.next)
					}
				}
			})
		})
	}
}

func TestSooner(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ a, b, want time.Duration }{{0, 0, 0}, {1, 0, 1}, {0, 1, 1}, {1, 2, 1}, {2, 1, 1}} {
		if got := sooner(test.a, test.b); got != test.want {
			t.Errorf("the sooner of %v and %v: %v", test.a, test.b, got)
		}
	}
}
