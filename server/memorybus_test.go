package server_test

import (
	"context"
	"sync"

	"hawser/websocket/server"
)

// memoryBus is an engine with a history, in the memory of the test. The zero value is
// ready to use.
type memoryBus struct {
	mu      sync.Mutex
	topics  map[string]*history
	broken  error         // of Publish and Subscribe, while it's not nil
	stopped chan struct{} // nothing is answered until it's closed; nil if it isn't stopped
	subs    int           // subscriptions that stand
	hold    func()        // called by subscriptions before each event, if it's not nil
}

type history struct {
	epoch string
	first uint64 // offset of events[0]
	data  [][]byte
	grown chan struct{} // closed when data grows
}

func (b *memoryBus) historyLocked(topic string) *history {
	h := b.topics[topic]
	if h == nil {
		if b.topics == nil {
			b.topics = make(map[string]*history)
		}
		h = &history{epoch: "one", first: 1, grown: make(chan struct{})}
		b.topics[topic] = h
	}
	return h
}

func (b *memoryBus) wait(ctx context.Context) error {
	b.mu.Lock()
	stopped := b.stopped
	b.mu.Unlock()
	if stopped != nil {
		select {
		case <-stopped:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (b *memoryBus) Publish(ctx context.Context, topic string, data []byte) error {
	if err := b.wait(ctx); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken != nil {
		return b.broken
	}
	h := b.historyLocked(topic)
	h.data = append(h.data, data)
	close(h.grown)
	h.grown = make(chan struct{})
	return nil
}

// trim forgets all but the newest n messages.
func (b *memoryBus) trim(topic string, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	h := b.historyLocked(topic)
	k := max(len(h.data)-n, 0)
	h.first += uint64(k)
	h.data = h.data[k:]
}

func (b *memoryBus) set(broken error, stopped chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken, b.stopped = broken, stopped
}

func (b *memoryBus) standing() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.subs
}

func (b *memoryBus) Subscribe(ctx context.Context, topic string, after server.Position, f func(server.Event)) (server.Position, error) {
	if err := b.wait(ctx); err != nil {
		return server.Position{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken != nil {
		return server.Position{}, b.broken
	}
	h := b.historyLocked(topic)
	tail := server.Position{Epoch: h.epoch, Offset: h.first + uint64(len(h.data)) - 1}
	at, gap := tail.Offset, false
	switch {
	case after.IsZero():
	case after.Epoch != h.epoch || after.Offset > tail.Offset:
		gap = true
	case after.Offset+1 < h.first:
		at, gap = h.first-1, true
	default:
		at = after.Offset
	}
	b.subs++
	go b.serve(ctx, h, at, gap, f)
	return server.Position{Epoch: h.epoch, Offset: at}, nil
}

func (b *memoryBus) serve(ctx context.Context, h *history, at uint64, gap bool, f func(server.Event)) {
	defer func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.subs--
	}()
	for {
		b.mu.Lock()
		if at+1 < h.first { // forgotten before it was read
			at, gap = h.first-1, true
		}
		if gap {
			b.mu.Unlock()
			gap = false
			f(server.Event{Gap: true, Position: server.Position{Epoch: h.epoch, Offset: at}})
			continue
		}
		grown, hold := h.grown, b.hold
		var data []byte
		if i := at + 1 - h.first; i < uint64(len(h.data)) {
			data = h.data[i]
		}
		b.mu.Unlock()
		if data == nil {
			select {
			case <-grown:
				continue
			case <-ctx.Done():
				return
			}
		}
		if hold != nil {
			hold()
		}
		if ctx.Err() != nil {
			return
		}
		at++
		f(server.Event{Data: data, Position: server.Position{Epoch: h.epoch, Offset: at}})
	}
}
