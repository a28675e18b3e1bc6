// Waiting: how a context ends a read that waits. It owns the read deadline of the
// transport and nothing else sets it. Its mutex is a leaf: no other is taken while it's
// held.

package websocket

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// A watch lets a context end a read that waits, by a read deadline in the past. It
// stays in place when the read is over, because the next one mostly comes with
// the same context: so a loop of reads doesn't allocate.
type watch struct {
	on     atomic.Bool     // a context is watched; written under mu
	fired  bool            // the read deadline is in the past because the context is done; guarded by mu
	stream bool            // no part of the watch, which has room for it: a net.Conn reads; guarded by the reading role
	mu     sync.Mutex      // held while the read deadline is set
	done   <-chan struct{} // the channel of the context that is watched, nil if none is; guarded by mu
	stop   func() bool     // ends the watching; guarded by mu
}

// start watches ctx on behalf of a reader of c, which is about to wait.
func (w *watch) start(c *Conn, ctx context.Context) error {
	done := c.doneOf(ctx)
	if done == nil && !w.on.Load() {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done == done {
		if done != nil && w.fired {
			return ctx.Err()
		}
		return nil
	}
	w.clearLocked(c)
	if done == nil {
		return nil
	}
	w.on.Store(true)
	w.done = done
	w.stop = context.AfterFunc(ctx, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.done == done {
			w.fired = true
			c.t.SetReadDeadline(aLongTimeAgo)
		}
	})
	return nil
}

// prepare undoes what an earlier context did, if ctx is another.
func (w *watch) prepare(c *Conn, ctx context.Context) {
	if !w.on.Load() {
		return
	}
	done := c.doneOf(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done != done {
		w.clearLocked(c)
	}
}

// pause sets the read deadline for a reader of c that isn't going to wait, unless
// it's the context's.
func (w *watch) pause(c *Conn, t time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.fired {
		c.t.SetReadDeadline(t)
	}
}

// clearLocked ends the watching, and takes back the read deadline if the context has
// set it. w.mu is held.
func (w *watch) clearLocked(c *Conn) {
	if w.stop != nil {
		w.stop()
	}
	if w.fired {
		c.t.SetReadDeadline(time.Time{})
	}
	w.done, w.stop, w.fired = nil, nil, false
	w.on.Store(false)
}

// forget ends the watching at the end of the connection.
func (w *watch) forget(c *Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clearLocked(c)
}
