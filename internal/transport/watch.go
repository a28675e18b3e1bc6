package transport

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// A watch lets a context end a read that waits, by a read deadline in the past. It
// owns the read deadline of the transport, and nothing else sets it. It stays in place
// when the read is over, because the next one mostly comes with the same context: so a
// loop of reads doesn't allocate. Its mutex is a leaf: no other is taken while it's held.
type watch struct {
	c     Conn
	on    atomic.Bool     // a context is watched; written under mu
	fired bool            // the read deadline is in the past because the context is done; guarded by mu
	over  bool            // the connection has ended, and no context is watched any more; guarded by mu
	mu    sync.Mutex      // held while the read deadline is set
	done  <-chan struct{} // the channel of the context that is watched, nil if none is; guarded by mu
	stop  func() bool     // ends the watching; guarded by mu
}

// noWatch is in place of the watch of a connection that has ended.
var noWatch = &watch{over: true}

// startWatch has the context of the read, which is about to wait, end it.
func (s *Stream) startWatch() error {
	ctx := s.hooks.Context()
	w := s.watch.Load()
	if ctx.Done() == nil {
		if w != nil && w.on.Load() {
			w.prepare(nil)
		}
		return nil
	}
	if w == nil {
		w = &watch{c: s.Conn}
		if !s.watch.CompareAndSwap(nil, w) {
			return nil // the connection has ended
		}
	}
	return w.start(ctx)
}

// prepareWatch undoes what an earlier context did, if that of the read is another.
func (s *Stream) prepareWatch() {
	if w := s.watch.Load(); w != nil && w.on.Load() {
		w.prepare(s.hooks.Context().Done())
	}
}

// pauseWatch sets the read deadline for a read that isn't going to wait, unless it's the
// context's.
func (s *Stream) pauseWatch(t time.Time) {
	w := s.watch.Load()
	if w == nil || w == noWatch {
		s.Conn.SetReadDeadline(t) // only the reader makes a watch
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.fired {
		w.c.SetReadDeadline(t)
	}
}

// start watches ctx.
func (w *watch) start(ctx context.Context) error {
	done := ctx.Done()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done == done {
		if w.fired {
			return ctx.Err()
		}
		return nil
	}
	w.clearLocked()
	if w.over {
		return nil
	}
	w.on.Store(true)
	w.done = done
	w.stop = context.AfterFunc(ctx, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.done == done {
			w.fired = true
			w.c.SetReadDeadline(aLongTimeAgo)
		}
	})
	return nil
}

// prepare ends the watching of a context whose channel is not done.
func (w *watch) prepare(done <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done != done {
		w.clearLocked()
	}
}

// clearLocked ends the watching, and takes back the read deadline if the context has
// set it. w.mu is held.
func (w *watch) clearLocked() {
	if w.stop != nil {
		w.stop()
	}
	if w.fired {
		w.c.SetReadDeadline(time.Time{})
	}
	w.done, w.stop, w.fired = nil, nil, false
	w.on.Store(false)
}

// forget ends the watching at the end of the connection, for good.
func (w *watch) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	w.clearLocked()
}
