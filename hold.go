// Sending, answers that are held back until others join them. Whether they may be is for
// the coalescer to say; writing them is for flush.go.

package websocket

import (
	"context"
	"time"

	"hawser/websocket/frame"
)

// submitLocked has what is pending be written, now or soon. It may give up o.mu
// meanwhile.
func (o *output) submitLocked(ctx context.Context) error {
	if o.holdLocked() {
		return nil
	}
	return o.flushLocked(ctx)
}

// holdLocked reports whether what is pending may wait.
func (o *output) holdLocked() bool {
	if !o.more.Load() || o.flushing || o.pend.b == nil || o.pend.size() >= holdMax {
		return false
	}
	if !o.held.Load() {
		o.held.Store(true)
	}
	if o.pend.role == frame.Server && o.cfg.Trace == nil { // else a frame is to be masked, or to be told of
		o.room = int32(min(cap(o.pend.b.p), holdMax-1))
	}
	if o.arms() {
		if o.timer == nil {
			o.delay = 1
			o.timer = time.AfterFunc(holdDelay, o.holdEnds)
		} else {
			o.timer.Reset(time.Duration(o.delay) * holdDelay)
		}
	}
	return true
}

// holdEnds is what the timer calls: what is held has waited for long enough.
func (o *output) holdEnds() {
	o.mu.Lock()
	defer o.unlock()
	o.fired()
	o.flushAsyncLocked()
}

// flushHeld is called by the reader before it waits, which may take long.
func (o *output) flushHeld() {
	o.setMore(false) // what was there may have been a ping, which is no message
	if !o.held.Load() {
		return
	}
	o.mu.Lock()
	defer o.unlock()
	o.flushAsyncLocked()
}
