// Sending, the time limit of a write that waits. It owns the write deadline of the
// transport, beside a context that cuts a write. Its mutex is a leaf: no other is taken
// while it's held.

package websocket

import (
	"sync"
	"time"
)

// A writeLimit bounds how long the peer may take to accept what is being written, by
// a deadline in the past when that's over. Setting a deadline before each write and
// taking it back after would cost more than the write's share of a small message. So
// it has a timer of its own that goes on from one write to the next, and only looks
// at the clock. It's made when a connection first has to wait with a write.
type writeLimit struct {
	t       Transport
	timeout time.Duration

	mu    sync.Mutex  // guards what follows
	due   int64       // on the clock of now: when the write under way must be over; 0 if there's none
	armed bool        // the timer will look
	fired bool        // the deadline is in the past
	timer *time.Timer // nil until it's needed
}

// begin bounds what is written next.
func (w *writeLimit) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.due = after(w.timeout)
	switch {
	case w.armed:
	case w.timer == nil:
		w.timer = time.AfterFunc(w.timeout, w.look)
	default:
		w.timer.Reset(w.timeout)
	}
	w.armed = true
}

// end reports whether the write took too long.
func (w *writeLimit) end() (late bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.due = 0
	late, w.fired = w.fired, false
	if late {
		w.t.SetWriteDeadline(time.Time{})
	}
	return late
}

func (w *writeLimit) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.armed = false
	if w.due == 0 {
		return
	}
	if left := w.due - now(); left > 0 {
		w.armed = true
		w.timer.Reset(time.Duration(left))
		return
	}
	w.fired = true
	w.t.SetWriteDeadline(aLongTimeAgo)
}

// stop is for the end of the connection.
func (w *writeLimit) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.due = 0
	if w.timer != nil {
		w.timer.Stop()
	}
}
