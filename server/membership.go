package server

import (
	"context"

	"hawser/websocket"
)

// participation has the topics that a connection is a member of, or is joining.
type participation struct {
	topics  map[string]*member // guarded by Topics.mu; never empty while it's in Topics.conns
	unwatch func() bool        // guarded by Topics.mu; gives up waiting for the end of the connection
}

// enter takes c into account as a member of the topic that is about to begin. If it
// is one already, again is true.
func (t *Topics) enter(c *websocket.Conn, name string) (m *member, again bool, err error) {
	t.mu.Lock()
	p := t.conns[c]
	if p != nil {
		if m := p.topics[name]; m != nil {
			t.mu.Unlock()
			return m, true, nil
		}
		limit := t.MaxJoined
		if limit == 0 {
			limit = DefaultMaxJoined
		}
		if limit > 0 && len(p.topics) >= limit {
			t.mu.Unlock()
			return nil, false, ErrTooManyTopics
		}
	}
	first := p == nil
	if first {
		p = &participation{topics: make(map[string]*member)}
		if t.conns == nil {
			t.conns = make(map[*websocket.Conn]*participation)
		}
		t.conns[c] = p
	}
	m = &member{c: c, topic: t.topicLocked(name), gone: make(chan struct{}), index: -1}
	m.topic.joined++
	p.topics[name] = m
	t.mu.Unlock()
	if first {
		t.watch(c, p)
	}
	return m, false, nil
}

// watch has c leave all topics when it ends. It asks c without holding a lock.
func (t *Topics) watch(c *websocket.Conn, p *participation) {
	unwatch := context.AfterFunc(c.Context(), func() { t.leaveAll(c, p) })
	t.mu.Lock()
	if t.conns[c] == p {
		p.unwatch = unwatch
		unwatch = nil
	}
	t.mu.Unlock()
	if unwatch != nil {
		unwatch()
	}
}

// topicLocked returns the topic of that name. t.mu is held.
func (t *Topics) topicLocked(name string) *topic {
	if tp := t.topics[name]; tp != nil {
		return tp
	}
	tp := newTopic(t, name)
	if t.topics == nil {
		t.topics = make(map[string]*topic)
	}
	t.topics[name] = tp
	return tp
}

// find returns the topic of that name, nil if it has no members here.
func (t *Topics) find(name string) *topic {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.topics[name]
}

// forget has the next who joins begin with a new topic instead of tp, whose
// subscription has failed.
func (t *Topics) forget(tp *topic) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forgetLocked(tp)
}

// forgetLocked is forget while t.mu is held.
func (t *Topics) forgetLocked(tp *topic) {
	if t.topics[tp.name] == tp {
		delete(t.topics, tp.name)
	}
}

// leave ends a membership, if it hasn't ended. The last one takes the topic and its
// subscription with it: whoever joins from there on begins with a new one.
func (t *Topics) leave(m *member) {
	t.mu.Lock()
	p := t.conns[m.c]
	if p == nil || p.topics[m.topic.name] != m {
		t.mu.Unlock()
		return
	}
	delete(p.topics, m.topic.name)
	var unwatch func() bool
	if len(p.topics) == 0 {
		delete(t.conns, m.c)
		unwatch = p.unwatch
	}
	t.releaseLocked(m.topic)
	t.mu.Unlock()
	if unwatch != nil {
		unwatch()
	}
	m.leave()
}

// leaveAll ends all memberships of c, which is over.
func (t *Topics) leaveAll(c *websocket.Conn, p *participation) {
	t.mu.Lock()
	if t.conns[c] != p {
		t.mu.Unlock()
		return
	}
	delete(t.conns, c)
	for _, m := range p.topics {
		t.releaseLocked(m.topic)
	}
	t.mu.Unlock()
	for _, m := range p.topics { // nobody else changes it any more
		m.leave()
	}
}

// releaseLocked counts one member less. t.mu is held.
func (t *Topics) releaseLocked(tp *topic) {
	tp.joined--
	if tp.joined == 0 {
		t.forgetLocked(tp)
		tp.unsubscribe()
	}
}
