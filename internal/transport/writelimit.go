package transport

import (
	"sync"
	"time"

	"hawser/websocket/internal/clock"
)

// A writeLimit bounds how long the peer may take to accept what is being written, by
// a deadline in the past when that's over. Setting a deadline before each write and
// taking it back after would cost more than the write's share of a small message. So
// it has a timer of its own that goes on from one write to the next, and only looks
// at the clock. It's made when a connection first has to wait with a write. Beside it, only the
// context of a write sets the write deadline. Its mutex is a leaf: no other is taken while
// it's held.
type writeLimit struct {
	c       Conn
	timeout time.Duration

	mu    sync.Mutex  // guards what follows
	due   int64       // on internal/clock: when the write under way must be over; 0 if there's none
	armed bool        // the timer will look
	fired bool        // the deadline is in the past
	timer *time.Timer // nil until it's needed
}

// begin bounds what is written next.
func (w *writeLimit) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.due = clock.After(w.timeout)
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
		w.c.SetWriteDeadline(time.Time{})
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
	if left := clock.Until(w.due); left > 0 {
		w.armed = true
		w.timer.Reset(left)
		return
	}
	w.fired = true
	w.c.SetWriteDeadline(aLongTimeAgo)
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
