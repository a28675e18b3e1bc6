// Sending, what is held back on purpose: answers that wait for each other, so that they
// go out together. It owns the coalescer, which outbound.mu guards, and decides only
// whether to wait; flush.go does the writing.

package websocket

import (
	"sync/atomic"
	"time"

	"hawser/websocket/frame"
)

// While the next message, or the beginning of it, is in the read buffer already,
// what's written waits for what will be written in answer to that one: so a peer
// that sends several messages at once gets their answers in one system call. They
// go out when the last one is answered, when the reader would have to wait, when
// they are many, and in any case after a short while, for handlers that take their
// time. Those that turn out to be quick have that looked at less often, as timers
// cost. A peer that sends one message at a time never waits.
const (
	holdMax      = chunkMax // bytes
	holdDelay    = time.Millisecond
	holdDelayMax = 16 // times that
)

// coalescer is a part of outbound, whose mutex guards all of it but more and held.
type coalescer struct {
	more  atomic.Bool // the next message has begun to arrive; written by the reader
	held  atomic.Bool // pend has frames that nobody is writing
	timer *time.Timer
	room  int32  // how long pend may get by what joins them
	last  int32  // size of what was pending before
	took  uint32 // how many batches have been held so far
	since uint32 // what took was when the timer was armed
}

// returns is called by the reader for each message it returns.
func (c *Conn) returns() {
	c.in.tried = false
	c.out.setMore(c.hasMore())
}

// hasMore reports whether the next message has arrived, or has begun to if the
// transport is one where what's held back can be sent without waiting for the peer.
func (c *Conn) hasMore() bool {
	return c.rd.Buffered() > 0 && (c.sock.ok() || c.rd.Ready())
}

// setMore takes note of whether the next message has begun to arrive. It needs no lock,
// and is for whoever has the reading role.
func (o *outbound) setMore(more bool) {
	if o.more.Load() != more {
		o.more.Store(more)
	}
}

// holdLocked reports whether what is pending may wait. It's called with o.mu held.
func (c *Conn) holdLocked() bool {
	o := &c.out
	if !o.more.Load() || o.flushing || o.pend == nil || len(o.pend.p) >= holdMax {
		return false
	}
	if !o.held.Load() {
		o.held.Store(true)
	}
	if c.out.role == frame.Server && c.cfg.Trace == nil {
		o.room = int32(min(cap(o.pend.p), holdMax-1))
	}
	if !o.armed { // and left so if all goes out sooner, which is cheaper than to stop it
		o.armed, o.since = true, o.took
		if o.timer == nil {
			o.delay = 1
			o.timer = time.AfterFunc(holdDelay, c.holdEnds)
		} else {
			o.timer.Reset(time.Duration(o.delay) * holdDelay)
		}
	}
	return true
}

// joinsLocked reports whether a message of n bytes that may begin just goes behind
// what's held back, and nothing else is to be done. It's called with o.mu held.
func (o *outbound) joinsLocked(n int) bool {
	return o.room > 0 && len(o.pend.p)+frame.MaxHeaderSize+n <= int(o.room) && o.more.Load()
}

// takePendLocked returns what is pending, for the caller to write. It's called with
// o.mu held.
func (o *outbound) takePendLocked() *chunk {
	b := o.pend
	o.pend, o.room = nil, 0
	if o.held.Load() {
		o.held.Store(false)
		o.took++
	}
	return b
}

// holdEnds is what the timer calls: what is held has waited for long enough.
func (c *Conn) holdEnds() {
	o := &c.out
	o.mu.Lock()
	defer c.unlockOut()
	o.armed = false
	if o.took != o.since {
		o.delay = min(2*o.delay, holdDelayMax)
	} else {
		o.delay = 1
	}
	c.flushAsyncLocked()
}

// flushHeld is called by the reader before it waits, which may take long.
func (c *Conn) flushHeld() {
	o := &c.out
	o.setMore(false) // what was there may have been a ping, which is no message
	if !o.held.Load() {
		return
	}
	o.mu.Lock()
	defer c.unlockOut()
	c.flushAsyncLocked()
}
