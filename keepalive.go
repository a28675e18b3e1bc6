// Silence: since when the peer has sent nothing, and what that calls for: a ping, the end
// of a peer that doesn't answer, the end of one that has nothing to say. The timer is that
// of ending.go.

package websocket

import (
	"fmt"
	"sync/atomic"
	"time"

	"hawser/websocket/internal/clock"
)

// A liveness knows whether the peer is alive. The reader writes to it before and after it
// waits, and the timer of the connection looks at it.
type liveness struct {
	// since is since when the reader waits without a byte from the peer: the time on
	// internal/clock, negative while nobody waits, 0 if nobody does and a byte came since.
	// The reader writes it.
	since atomic.Int64
	// spoke is when the reader last waited with a message behind it, on
	// internal/clock. The reader writes it, and only if there's a Config.IdleTimeout.
	spoke atomic.Int64

	// pinged is when a ping of the keepalive was sent that waits for any byte, 0 if none
	// does; guarded by ending.mu.
	pinged int64
}

// waits is called before the reader waits for the peer. Spoke says that a message has
// begun since the last time.
func (l *liveness) waits(cfg *Config, spoke bool) {
	if spoke && cfg.IdleTimeout > 0 {
		l.spoke.Store(clock.Now())
	}
	since := l.since.Load()
	switch {
	case since == 0:
		l.since.Store(clock.Now())
	case since < 0:
		l.since.Store(-since) // a context has ended the wait, and it goes on
	}
}

// got is called when the reader has read n bytes.
func (l *liveness) got(n int) {
	since := l.since.Load()
	switch {
	case n > 0 && since != 0:
		l.since.Store(0)
	case n <= 0 && since > 0:
		l.since.Store(-since)
	}
}

// silentSince returns since when the peer has been silent, 0 if nobody waits for it, so
// nobody can tell.
func (l *liveness) silentSince() int64 { return max(l.since.Load(), 0) }

// start returns after which time to look for the first time, 0 for never.
func (l *liveness) start(cfg *Config) time.Duration {
	if cfg.IdleTimeout > 0 {
		l.spoke.Store(clock.Now())
	}
	return sooner(cfg.PingInterval, cfg.IdleTimeout)
}

// What a silence calls for.
const (
	nothingDue = iota
	pingDue    // a ping is to be sent
	pongLate   // the peer has given no sign of life in time
	idleTooLong
)

// look returns what the silence of the peer calls for, and after which time to look
// again, 0 for never. It's called with ending.mu held.
func (l *liveness) look(cfg *Config) (due int, next time.Duration) {
	since := l.silentSince()
	if cfg.IdleTimeout > 0 {
		next = cfg.IdleTimeout
		if since != 0 { // else it's not the peer who is slow
			next -= time.Duration(clock.Now() - l.spoke.Load())
		}
		if next <= 0 {
			return idleTooLong, 0
		}
	}
	if cfg.PingInterval > 0 {
		var wait time.Duration
		due, wait = l.keepalive(cfg, since)
		next = sooner(next, wait)
	}
	return due, next
}

// keepalive is look at what the ping interval and the ping timeout say.
func (l *liveness) keepalive(cfg *Config, since int64) (due int, next time.Duration) {
	switch {
	case since == 0: // nobody reads what the peer may have sent
		l.pinged = 0
		return nothingDue, cfg.PingInterval
	case l.pinged != 0 && since < l.pinged: // no byte came since the ping
		if left := cfg.PingTimeout - time.Duration(clock.Now()-l.pinged); left > 0 {
			return nothingDue, left
		}
		return pongLate, 0
	}
	if left := cfg.PingInterval - time.Duration(clock.Now()-since); left > 0 {
		l.pinged = 0
		return nothingDue, left
	}
	l.pinged = clock.Now()
	return pingDue, cfg.PingTimeout
}

// sooner returns the smaller of two durations, of which 0 is never.
func sooner(a, b time.Duration) time.Duration {
	if a == 0 || b > 0 && b < a {
		return b
	}
	return a
}

// pingTimeout is [ErrPingTimeout] with the time that was waited for.
type pingTimeout struct{ waited time.Duration }

func (e *pingTimeout) Error() string {
	return fmt.Sprintf("%v: no data received for %v", ErrPingTimeout, e.waited)
}
func (e *pingTimeout) Unwrap() error { return ErrPingTimeout }
