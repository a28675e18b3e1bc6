package server

import (
	"context"
	"fmt"

	"hawser/websocket"
)

// A member is a connection in a topic.
type member struct {
	c     *websocket.Conn
	topic *topic
	gone  chan struct{} // closed when it has left

	// These are guarded by topic.mu.
	left   bool
	index  int      // in topic.members, -1 if it isn't there
	behind bool     // it gets what it missed by a subscription of its own
	ahead  Position // it has got all up to here from there; zero once the topic is beyond
	missed bool     // its queue was full, and nothing has gone into it since but perhaps the gap
	told   bool     // and the gap has
	stop   context.CancelFunc
}

// wait waits until the topic's subscription stands.
func (m *member) wait(ctx context.Context) error {
	select {
	case <-m.topic.ready:
		return m.topic.err
	default:
	}
	select {
	case <-m.topic.ready:
		return m.topic.err
	case <-m.gone:
		return ErrLeft
	case <-ctx.Done():
		return fmt.Errorf("websocket: join: %w", ctx.Err())
	}
}

// begin has m get what comes from here on, and what came since after.
func (m *member) begin(after Position) error {
	tp, topics := m.topic, m.topic.topics
	// What is published until the member is in the topic is behind this position too:
	// it gets that if it ever comes back with it.
	here := tp.position()
	beginning := Delivery{Topic: tp.name, Position: here}
	var gap *websocket.Prepared
	switch {
	case after.IsZero():
	case topics.Bus == nil:
		gap = topics.encode(Delivery{Topic: tp.name, Gap: true})
	default:
		beginning.Position = after
	}
	first := topics.encode(beginning)

	tp.mu.Lock()
	defer tp.mu.Unlock()
	if m.left {
		return ErrLeft
	}
	m.index = len(tp.members)
	tp.members = append(tp.members, m)
	m.postLocked(first, nil)
	m.postLocked(gap, nil)
	if topics.Bus != nil && !after.IsZero() && after != tp.last {
		ctx, cancel := context.WithCancel(context.Background())
		m.behind, m.stop = true, cancel
		go m.catchUp(ctx, after)
	}
	return nil
}

// leave has m get nothing more. It's called once.
func (m *member) leave() {
	close(m.gone)
	tp := m.topic
	tp.mu.Lock()
	defer tp.mu.Unlock()
	m.left = true
	if m.missed {
		tp.lossy--
	}
	if m.stop != nil {
		m.stop()
	}
	if m.index < 0 {
		return
	}
	last := len(tp.members) - 1
	tp.members[m.index] = tp.members[last]
	tp.members[m.index].index = m.index
	tp.members[last] = nil
	tp.members = tp.members[:last]
}

// wantsLocked reports whether m is to get d, which the topic has got. topic.mu is held.
func (m *member) wantsLocked(d Delivery) bool {
	if m.behind {
		return false // it gets d from its own subscription
	}
	if m.ahead.IsZero() || d.Position.IsZero() {
		return true
	}
	if !d.Gap && m.ahead.reached(d.Position) {
		return false // it has got d
	}
	m.ahead = Position{}
	return true
}

// postLocked posts p, if it isn't nil. If something was left out before, as the policy
// for slow peers may be, gap goes first, once, as it's small and may fit where p doesn't.
// topic.mu is held.
func (m *member) postLocked(p, gap *websocket.Prepared) {
	if p == nil {
		return
	}
	topics := m.topic.topics
	if m.missed && !m.told && gap != nil {
		if topics.post(m.c, gap) != nil {
			return
		}
		m.told = true
	}
	switch err := topics.post(m.c, p); {
	case err == nil && m.missed:
		m.missed, m.told = false, false
		m.topic.lossy--
	case err == websocket.ErrQueueFull && !m.missed:
		m.missed = true
		m.topic.lossy++
	}
}

// catchUp has m get what came after a position, by a subscription of its own, until it
// has all that the topic has got.
func (m *member) catchUp(ctx context.Context, after Position) {
	tp := m.topic
	_, err := tp.topics.Bus.Subscribe(ctx, tp.name, after, m.event)
	if err == nil || ctx.Err() != nil {
		return
	}
	tp.topics.logger().Warn("websocket: what a member of a topic missed can't be had", "topic", tp.name, "error", err)
	gap := tp.topics.encode(Delivery{Topic: tp.name, Gap: true, Position: tp.position()})
	tp.mu.Lock()
	defer tp.mu.Unlock()
	if m.left {
		return
	}
	m.behind = false
	m.postLocked(gap, nil)
}

// event is called by the Bus with what m missed. It waits for a slow peer, which holds
// up only m.
func (m *member) event(e Event) {
	tp := m.topic
	tp.mu.Lock()
	ended := m.left || !m.behind
	tp.mu.Unlock()
	if ended {
		return
	}
	if d, ok := tp.delivery(e); ok {
		p := tp.topics.encode(d)
		// The context has no end, as one in the midst of a message would break the
		// connection. A peer that takes nothing ends it.
		if p != nil && m.c.Send(context.Background(), p) != nil {
			m.stop()
			return
		}
	}
	tp.mu.Lock()
	defer tp.mu.Unlock()
	if e.Position.reached(tp.last) {
		m.behind, m.ahead = false, e.Position
		m.stop()
	}
}
