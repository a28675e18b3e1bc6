// Package mailbox has the queue of one subscription, between the goroutine that reads
// from the engine, which must wait for nobody, and the one that calls the subscriber.
package mailbox

import (
	"context"
	"sync"
)

// Limit is how many bytes wait in a mailbox. One that is empty takes anything.
const Limit = 4 << 20

// overhead is what an item costs besides its data, roughly.
const overhead = 64

// Mailbox is a queue of bounded size. What doesn't fit is dropped, together with all
// that comes after it, until the reader has read to the end and been told so. It has
// any number of writers and one reader.
type Mailbox[T any] struct {
	mu    sync.Mutex
	items []item[T] // guarded by mu
	bytes int       // guarded by mu; of items
	lost  bool      // guarded by mu; something after items was dropped
	wake  chan struct{}

	batch []item[T] // the reader's
}

type item[T any] struct {
	value T
	bytes int
}

// New returns an empty mailbox.
func New[T any]() *Mailbox[T] {
	return &Mailbox[T]{wake: make(chan struct{}, 1)}
}

// Put appends v, which holds so many bytes, or drops it.
func (m *Mailbox[T]) Put(v T, bytes int) {
	bytes += overhead
	m.mu.Lock()
	if m.lost || m.bytes > 0 && m.bytes+bytes > Limit {
		m.lost = true
	} else {
		m.items = append(m.items, item[T]{v, bytes})
		m.bytes += bytes
	}
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// Next waits for the next item. If lost is true there is none: what came between the
// last item and this call was dropped. ok is false when ctx is done.
func (m *Mailbox[T]) Next(ctx context.Context) (v T, lost, ok bool) {
	for len(m.batch) == 0 {
		if m.batch, lost = m.take(); lost {
			return v, true, true
		}
		if len(m.batch) > 0 {
			break
		}
		select {
		case <-m.wake:
		case <-ctx.Done():
			return v, false, false
		}
	}
	if ctx.Err() != nil {
		return v, false, false
	}
	first := m.batch[0]
	m.batch[0] = item[T]{}
	m.batch = m.batch[1:]
	m.mu.Lock()
	m.bytes -= first.bytes
	m.mu.Unlock()
	return first.value, false, true
}

// take returns all items or, if there are none, whether some were dropped.
func (m *Mailbox[T]) take() (items []item[T], lost bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.items) == 0 {
		lost, m.lost = m.lost, false
		return nil, lost
	}
	items, m.items = m.items, nil
	return items, false
}
