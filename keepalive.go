// Silence, of bytes: since when the peer has been silent, and what the keepalive does
// about it. The timer is that of ending.go. At the end of the file are the hooks that
// every source of bytes calls before and after it waits.

package websocket

import (
	"fmt"
	"sync/atomic"
	"time"

	"hawser/websocket/frame"
)

// silence is since when the reader waits for the peer without a byte from it: the
// time on the clock of now, negative while nobody waits, 0 if nobody does and a byte
// came since. It's written by the reader.
type silence struct{ atomic.Int64 }

// begins is called before the reader waits.
func (s *silence) begins() {
	since := s.Load()
	switch {
	case since == 0:
		s.Store(now())
	case since < 0:
		s.Store(-since) // a context has ended the wait, and it goes on
	}
}

// ends is called when the reader has waited and got n bytes.
func (s *silence) ends(n int) {
	since := s.Load()
	switch {
	case n > 0 && since != 0:
		s.Store(0)
	case n <= 0 && since > 0:
		s.Store(-since)
	}
}

// since returns 0 if nobody waits for the peer, so nobody can tell.
func (s *silence) since() int64 { return max(s.Load(), 0) }

func (c *Conn) startKeepalive() {
	if c.cfg.PingInterval <= 0 {
		return
	}
	c.end.mu.Lock()
	defer c.end.mu.Unlock()
	c.armLocked(c.cfg.PingInterval)
}

// keepaliveLocked returns what the silence of the peer calls for: a ping after the
// ping interval, and the end when any byte fails to come in time after that. Else it
// sets the timer for when the next of these can be due. end.mu is held.
func (c *Conn) keepaliveLocked() (act func()) {
	interval, timeout := c.cfg.PingInterval, c.cfg.PingTimeout
	if interval <= 0 {
		return nil
	}
	e := &c.end
	since := c.silence.since()
	if since == 0 { // nobody reads what the peer may have sent
		e.pinged = false
		c.armLocked(interval)
		return nil
	}
	if e.pinged && since < e.due-int64(timeout) { // no byte came since the ping
		if left := e.due - now(); left > 0 {
			c.armLocked(time.Duration(left))
			return nil
		}
		return func() { c.abort(&pingTimeout{timeout}) }
	}
	left := int64(interval) - (now() - since)
	if e.pinged = left <= 0; e.pinged {
		e.due = after(timeout)
		c.armLocked(timeout)
		return c.sendKeepalive
	}
	c.armLocked(time.Duration(left))
	return nil
}

func (c *Conn) sendKeepalive() {
	c.out.mu.Lock()
	defer c.unlockOut()
	if c.out.closed == nil {
		c.queueControlLocked(frame.Ping, nil)
		c.flushAsyncLocked()
	}
}

// pingTimeout is [ErrPingTimeout] with the time that was waited for.
type pingTimeout struct{ waited time.Duration }

func (e *pingTimeout) Error() string {
	return fmt.Sprintf("%v: no data received for %v", ErrPingTimeout, e.waited)
}
func (e *pingTimeout) Unwrap() error { return ErrPingTimeout }

// beforeRead is called by the source before it reads and may wait.
func (c *Conn) beforeRead() {
	c.flushHeld()
	c.in.watch.prepare(c, c.in.ctx)
}

// beforeTry is called by the source before it reads what's there already.
func (c *Conn) beforeTry() {
	if c.in.tried {
		c.flushHeld() // what the next message lacked may be much
	}
	c.in.tried = true
	c.in.watch.prepare(c, c.in.ctx)
}

// beforeWait is called by the source each time before it waits for the peer.
func (c *Conn) beforeWait() error {
	c.markActive()
	c.silence.begins()
	return c.in.watch.start(c, c.in.ctx)
}

// afterWait is called when the source has n bytes or an error.
func (c *Conn) afterWait(n int) { c.silence.ends(n) }
