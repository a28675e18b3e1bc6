package stream

import (
	"sync"
	"time"
)

// half is what one direction of a stream waits with. mu guards it, and what embeds it.
type half struct {
	mu      sync.Mutex
	change  *sync.Cond // nil until somebody waits
	closed  bool
	expired bool        // the deadline has passed
	timer   *time.Timer // sets expired; nil without a deadline that is to come
}

// wait and changed are called with mu held.
func (h *half) wait() {
	if h.change == nil {
		h.change = sync.NewCond(&h.mu)
	}
	h.change.Wait()
}

func (h *half) changed() {
	if h.change != nil {
		h.change.Broadcast()
	}
}

func (h *half) setDeadline(t time.Time) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stopTimer()
	h.expired = false
	if t.IsZero() || h.closed {
		return nil
	}
	wait := time.Until(t)
	if h.expired = wait <= 0; h.expired {
		h.changed()
		return nil
	}
	var timer *time.Timer
	timer = time.AfterFunc(wait, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.timer == timer {
			h.expired = true
			h.changed()
		}
	})
	h.timer = timer
	return nil
}

// stopTimer is called with mu held.
func (h *half) stopTimer() {
	if h.timer != nil {
		h.timer.Stop()
		h.timer = nil
	}
}
