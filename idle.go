// Silence, of messages: the timer of Config.IdleTimeout. It closes the connection by
// Close, as a user would, and touches nothing else.

package websocket

import (
	"sync/atomic"
	"time"

	"hawser/websocket/frame"
)

// idle ends a connection whose peer begins no message for too long. It exists
// only if there is a [Config.IdleTimeout].
type idle struct {
	timer *time.Timer  // reset under outbound.mu, until the end of the connection stops it
	last  atomic.Int64 // when the reader last waited with a message behind it, as UnixNano; written by the reader
}

// startIdle starts the timer, if there is a [Config.IdleTimeout].
func (c *Conn) startIdle() {
	if c.cfg.IdleTimeout <= 0 {
		return
	}
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	c.idle = new(idle)
	c.idle.last.Store(time.Now().UnixNano())
	c.idle.timer = time.AfterFunc(c.cfg.IdleTimeout, c.idleTick)
}

// markActive takes note that a message has begun since the reader last waited. The
// reader calls it before it waits.
func (c *Conn) markActive() {
	if c.in.active && c.idle != nil {
		c.in.active = false
		c.idle.last.Store(time.Now().UnixNano())
	}
}

// idleTick closes the connection if its peer has begun no message for too long, and
// else sets the timer for when that can be.
func (c *Conn) idleTick() {
	left := c.cfg.IdleTimeout
	if c.silence.since() != 0 {
		left -= time.Since(time.Unix(0, c.idle.last.Load()))
	} // else it's not the peer who is slow
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	switch {
	case c.out.closed != nil:
	case left <= 0:
		go c.Close(frame.CodeGoingAway, "idle")
	default:
		c.idle.timer.Reset(left)
	}
}
