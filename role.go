// Receiving, who may read.

package websocket

import "sync/atomic"

// A readingRole is a lock that nobody waits for but Close: another call that can't have
// it gets ErrConcurrentRead.
type readingRole struct {
	taken  atomic.Bool                   // somebody has it
	wanted atomic.Pointer[chan struct{}] // not nil if Close wants it: sent to when it's given up
}

// take reports whether the caller has the role now.
func (r *readingRole) take() bool { return r.taken.CompareAndSwap(false, true) }

// give gives up the role, and tells a Close that waits for it.
func (r *readingRole) give() {
	r.taken.Store(false)
	if free := r.wanted.Load(); free != nil {
		select {
		case *free <- struct{}{}:
		default:
		}
	}
}

// want returns a channel that has an element when the role may be free. All calls of
// Close share it.
func (r *readingRole) want() <-chan struct{} {
	free := make(chan struct{}, 1)
	if !r.wanted.CompareAndSwap(nil, &free) {
		free = *r.wanted.Load()
	}
	return free
}

// isWanted reports whether a Close has the role, or waits for it.
func (r *readingRole) isWanted() bool { return r.wanted.Load() != nil }
