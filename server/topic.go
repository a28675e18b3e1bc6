package server

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"hawser/websocket"
)

// A topic is one that has members in this process. It begins with the first who joins
// and ends with the last who leaves, and has one subscription of the engine meanwhile.
type topic struct {
	topics *Topics
	name   string
	joined int // guarded by Topics.mu; members, those included that have not begun

	unsubscribe context.CancelFunc
	ready       chan struct{} // closed when the subscription stands or has failed
	err         error         // why it has failed; valid once ready is closed

	// mu also guards the fields of the members. Topics.mu is not taken while it is held.
	mu      sync.Mutex
	members []*member // those that have begun
	last    Position  // of the newest event, or where the subscription began
	lossy   int       // how many members are owed a gap
}

// newTopic begins to subscribe.
func newTopic(t *Topics, name string) *topic {
	ctx, cancel := context.WithCancel(context.Background())
	tp := &topic{topics: t, name: name, unsubscribe: cancel, ready: make(chan struct{})}
	if t.Bus == nil {
		close(tp.ready)
	} else {
		go tp.subscribe(ctx)
	}
	return tp
}

// subscribe makes the subscription and says how that went. Where that is the policy,
// members go on without one until the engine is there.
func (tp *topic) subscribe(ctx context.Context) {
	p, err := tp.topics.Bus.Subscribe(ctx, tp.name, Position{}, tp.event)
	if err == nil {
		tp.stands(p)
		close(tp.ready)
		return
	}
	if !tp.topics.Degrade || !errors.Is(err, ErrBusUnavailable) {
		tp.err = err
		tp.topics.forget(tp)
		close(tp.ready)
		return
	}
	tp.topics.logger().Warn("websocket: members of a topic go on without the engine", "topic", tp.name, "error", err)
	close(tp.ready)
	for wait := retryFirst; err != nil; wait = min(2*wait, retryMost) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		p, err = tp.topics.Bus.Subscribe(ctx, tp.name, Position{}, tp.event)
	}
	tp.stands(p)
	tp.event(Event{Gap: true, Position: tp.position()})
}

// How long to wait before the engine is asked again.
const (
	retryFirst = 100 * time.Millisecond
	retryMost  = 5 * time.Second
)

// stands takes note of where the subscription began, unless it has gone on already.
func (tp *topic) stands(p Position) {
	tp.mu.Lock()
	defer tp.mu.Unlock()
	if tp.last.IsZero() {
		tp.last = p
	}
}

func (tp *topic) position() Position {
	tp.mu.Lock()
	defer tp.mu.Unlock()
	return tp.last
}

// event is called by the Bus.
func (tp *topic) event(e Event) {
	d, ok := tp.delivery(e)
	if !ok {
		return
	}
	if d.Gap {
		level := slog.LevelDebug
		if tp.topics.Encode == nil { // members are told of nothing
			level = slog.LevelWarn
		}
		tp.topics.logger().Log(context.Background(), level, "websocket: messages of a topic may be missing", "topic", tp.name, "position", e.Position.String())
	}
	tp.deliver(d)
}

// delivery returns what members are to get of e. It is nothing if e is not of the form
// that Publish gives it.
func (tp *topic) delivery(e Event) (d Delivery, ok bool) {
	d = Delivery{Topic: tp.name, Position: e.Position, Gap: e.Gap}
	if !e.Gap {
		if d.Message, ok = unpack(e.Data); !ok {
			tp.topics.logger().Warn("websocket: malformed message in a topic", "topic", tp.name, "position", e.Position.String())
			return d, false
		}
	}
	return d, true
}

// deliver posts d to all members, nil having none. It waits for nobody.
func (tp *topic) deliver(d Delivery) {
	if tp == nil {
		return
	}
	p := tp.topics.encode(d) // without a lock: it's the user's code
	gap := tp.owedGap()
	tp.mu.Lock()
	defer tp.mu.Unlock()
	if !d.Position.IsZero() {
		tp.last = d.Position
	}
	if p == nil {
		return
	}
	for _, m := range tp.members {
		if m.wantsLocked(d) {
			m.postLocked(p, gap)
		}
	}
}

// owedGap returns the message that tells of a gap, if there are members who are to get
// it before what comes next.
func (tp *topic) owedGap() *websocket.Prepared {
	tp.mu.Lock()
	owed, last := tp.lossy > 0, tp.last
	tp.mu.Unlock()
	if !owed {
		return nil
	}
	return tp.topics.encode(Delivery{Topic: tp.name, Gap: true, Position: last})
}

// snapshot returns the members, of nil none.
func (tp *topic) snapshot() []*member {
	if tp == nil {
		return nil
	}
	tp.mu.Lock()
	defer tp.mu.Unlock()
	return slices.Clone(tp.members)
}
