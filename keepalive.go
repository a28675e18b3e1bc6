package websocket

import (
	"time"

	"hawser/websocket/frame"
)

// The values of Conn.alive. The reader stores the first two, without looking at
// a clock; the timer tells from them whether a byte came since its last tick.
const (
	notWaiting  uint32 = iota // nobody waits for the peer, so nobody can tell
	waiting                   // somebody began to wait since the last tick
	waitingLong               // somebody waits since before the last tick
)

func (c *Conn) startKeepalive() {
	if c.cfg.PingInterval <= 0 {
		return
	}
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	c.timer = time.AfterFunc(c.cfg.PingInterval, c.tick)
}

// tick sends a ping to a peer that was silent since the last tick, and gives it
// up if there was a ping already, or a Close frame.
func (c *Conn) tick() {
	silent := !c.alive.CompareAndSwap(waiting, waitingLong) && c.alive.Load() == waitingLong
	o := &c.out
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.broken: // it's over, or will be
	case c.stale:
		c.stale = false // the peer hasn't had its time yet
	case o.closed != nil && silent:
		go c.abort(ErrCloseTimeout) // takes the lock itself
	case o.closed != nil:
		c.timer.Reset(c.cfg.CloseTimeout)
	case !silent:
		c.pinged = false
		c.timer.Reset(c.cfg.PingInterval)
	case !c.pinged:
		c.pinged = true
		c.timer.Reset(c.cfg.PingTimeout)
		c.queueControl(frame.Ping, nil)
		c.flushAsync()
	default:
		go c.abort(ErrPingTimeout)
	}
}

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
	c.alive.Store(waiting)
	return c.in.watch.start(c, c.in.ctx)
}

// afterWait is called when the source has bytes or an error.
func (c *Conn) afterWait() {
	if c.alive.Load() != notWaiting {
		c.alive.Store(notWaiting)
	}
}
