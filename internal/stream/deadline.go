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

// waitLocked and changedLocked are called with mu held.
func (h *half) waitLocked() {
	if h.change == nil {
		h.change = sync.NewCond(&h.mu)
	}
	h.change.Wait()
}

func (h *half) changedLocked() {
	if h.change != nil {
		h.change.Broadcast()
	}
}

func (h *half) setDeadline(t time.Time) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stopTimerLocked()
	h.expired = false
	if t.IsZero() || h.closed {
		return nil
	}
	wait := time.Until(t)
	if h.expired = wait <= 0; h.expired {
		h.changedLocked()
		return nil
	}
	var timer *time.Timer
	timer = time.AfterFunc(wait, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.timer == timer {
			h.expired = true
			h.changedLocked()
		}
	})
	h.timer = timer
	return nil
}

// stopTimerLocked is called with mu held.
func (h *half) stopTimerLocked() {
	if h.timer != nil {
		h.timer.Stop()
		h.timer = nil
	}
}
