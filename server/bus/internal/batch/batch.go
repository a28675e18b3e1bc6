// Package batch lets those who publish at the same time share a round trip to the
// engine: while one batch is under way, the next one gathers.
package batch

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"hawser/websocket/server"
)

// What a batch holds at most. One message is a batch, whatever its size.
const (
	maxMessages = 256
	maxBytes    = 1 << 20
)

// Message is one to be published.
type Message struct {
	Topic string
	Data  []byte
	Err   error // set by the function that sends a batch

	state atomic.Int32
	done  chan struct{} // closed when Err is valid
}

// The states of a message.
const (
	waiting int32 = iota // for its batch
	taken                // into a batch, from where on nobody knows its fate but the engine
	withdrawn
)

// Publisher sends messages in batches, in order.
type Publisher struct {
	send  func([]*Message)
	queue chan *Message
	ctx   context.Context
	stop  context.CancelFunc
	wg    sync.WaitGroup
}

// New returns a Publisher. send is called for each batch, one at a time. It sets the
// Err of each message that failed.
func New(send func([]*Message)) *Publisher {
	p := &Publisher{send: send, queue: make(chan *Message)}
	p.ctx, p.stop = context.WithCancel(context.Background())
	p.wg.Go(p.run)
	return p
}

// Close lets the batch under way end, and refuses what comes after.
func (p *Publisher) Close() {
	p.stop()
	p.wg.Wait()
}

// Publish sends one message and waits for what becomes of it, or until ctx is done.
// Those who wait hold their messages themselves, so their number bounds the memory.
func (p *Publisher) Publish(ctx context.Context, topic string, data []byte) error {
	m := &Message{Topic: topic, Data: data, done: make(chan struct{})}
	select {
	case p.queue <- m:
	case <-ctx.Done():
		return fmt.Errorf("%w: it is too slow: %w", server.ErrBusUnavailable, ctx.Err())
	case <-p.ctx.Done():
		return fmt.Errorf("%w: the Bus is closed", server.ErrBusUnavailable)
	}
	select {
	case <-m.done:
		return m.Err
	case <-ctx.Done():
	}
	if m.state.CompareAndSwap(waiting, withdrawn) {
		return fmt.Errorf("%w: it is too slow: %w", server.ErrBusUnavailable, ctx.Err())
	}
	select {
	case <-m.done: // just so
		return m.Err
	default:
		return fmt.Errorf("%w: %w", server.ErrBusUnconfirmed, ctx.Err())
	}
}

func (p *Publisher) run() {
	var b []*Message
	for {
		select {
		case m := <-p.queue:
			b = p.gather(append(b[:0], m))
		case <-p.ctx.Done():
			return
		}
		n := 0
		for _, m := range b {
			if m.state.CompareAndSwap(waiting, taken) {
				b[n] = m
				n++
			}
		}
		if n > 0 {
			p.send(b[:n])
		}
		for _, m := range b[:n] {
			close(m.done)
		}
		clear(b)
	}
}

// gather appends those who are waiting now.
func (p *Publisher) gather(b []*Message) []*Message {
	for bytes := len(b[0].Data); len(b) < maxMessages && bytes < maxBytes; {
		select {
		case m := <-p.queue:
			b = append(b, m)
			bytes += len(m.Data)
		default:
			return b
		}
	}
	return b
}
