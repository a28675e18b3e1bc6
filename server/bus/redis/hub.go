package redis

import (
	"context"
	"fmt"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"hawser/websocket/server"
	"hawser/websocket/server/bus/internal/mailbox"
)

// A hub has the one connection over which a process gets all that is published to the
// channels it has subscribed to. It makes a new one when that is lost, for as long as
// it takes.
type hub struct {
	client goredis.UniversalClient
	ctx    context.Context
	stop   context.CancelFunc
	wg     sync.WaitGroup

	mu       sync.Mutex
	started  bool                // guarded by mu
	channels map[string]*channel // guarded by mu
	dirty    chan struct{}       // has one when channels are to be subscribed to or left
}

type channel struct {
	state state                      // guarded by hub.mu
	subs  map[*subscription]struct{} // guarded by hub.mu
}

// state is what the engine knows of a channel, on the connection of now.
type state int

const (
	absent state = iota
	subscribing
	standing
	leaving
)

// A subscription is one subscriber's.
type subscription struct {
	channel string
	box     *mailbox.Mailbox[notice]
	stands  bool       // guarded by hub.mu; it stood once
	ready   chan error // gets nil when it stands for the first time, or why it never will
}

// notice is what a subscription gets: a message or, if again is true, that the
// connection was lost and the subscription stands again. A tick is of its reader's own.
type notice struct {
	payload     string
	again, tick bool
}

func newHub(client goredis.UniversalClient) *hub {
	h := &hub{client: client, channels: make(map[string]*channel), dirty: make(chan struct{}, 1)}
	h.ctx, h.stop = context.WithCancel(context.Background())
	return h
}

func (h *hub) close() {
	h.stop()
	h.wg.Wait()
}

// until returns a context that also ends with the hub. Both have to be given up by stop.
func (h *hub) until(ctx context.Context) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	unwatch := context.AfterFunc(h.ctx, cancel)
	return ctx, func() { unwatch(); cancel() }
}

// subscribe returns when the subscription stands. It lasts until unsubscribe.
func (h *hub) subscribe(ctx context.Context, name string) (*subscription, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("websocket: subscribe: %w", err)
	}
	s := &subscription{channel: name, box: mailbox.New[notice](), ready: make(chan error, 1)}
	h.mu.Lock()
	if h.ctx.Err() != nil {
		h.mu.Unlock()
		return nil, fmt.Errorf("%w: the Bus is closed", server.ErrBusUnavailable)
	}
	if !h.started {
		h.started = true
		h.wg.Go(h.run)
	}
	c := h.channels[name]
	if c == nil {
		c = &channel{subs: make(map[*subscription]struct{})}
		h.channels[name] = c
	}
	c.subs[s] = struct{}{}
	if c.state == standing {
		s.stands = true
		s.ready <- nil
	}
	h.mu.Unlock()
	h.wake()
	select {
	case err := <-s.ready:
		return s, err
	case <-ctx.Done():
		h.unsubscribe(s)
		return nil, fmt.Errorf("websocket: subscribe: %w", ctx.Err())
	}
}

func (h *hub) unsubscribe(s *subscription) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.channels[s.channel]
	if c == nil {
		return
	}
	delete(c.subs, s)
	if len(c.subs) > 0 {
		return
	}
	if c.state == absent {
		delete(h.channels, s.channel)
		return
	}
	h.wake()
}

func (h *hub) wake() {
	select {
	case h.dirty <- struct{}{}:
	default:
	}
}

// run makes one connection after the other.
func (h *hub) run() {
	for failures := 0; h.ctx.Err() == nil; failures++ {
		ps := h.client.Subscribe(h.ctx)
		ctx, cancel := context.WithTimeout(h.ctx, timeout)
		err := ps.Ping(ctx)
		cancel()
		if err == nil {
			failures = -1
			h.serve(ps)
		}
		ps.Close()
		h.lost(err)
		if err != nil {
			pause(h.ctx, failures)
		}
	}
	h.lost(fmt.Errorf("%w: the Bus is closed", server.ErrBusUnavailable))
}

// lost takes note that there is no connection. If none could be made, because of err,
// those who wait for their first are told so.
func (h *hub) lost(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for name, c := range h.channels {
		c.state = absent
		for s := range c.subs {
			if err != nil && !s.stands {
				delete(c.subs, s)
				s.ready <- classify(err, false)
			}
		}
		if len(c.subs) == 0 {
			delete(h.channels, name)
		}
	}
}

// serve has the conversation on one connection, until it's lost.
func (h *hub) serve(ps *goredis.PubSub) {
	ctx, cancel := context.WithCancel(h.ctx)
	heard := make(chan struct{}, 1)
	var wg sync.WaitGroup
	wg.Go(func() {
		defer ps.Close() // which ends Receive
		h.talk(ctx, ps, heard)
	})
	defer wg.Wait()
	defer cancel()
	h.wake()
	for {
		m, err := ps.Receive(ctx)
		if err != nil {
			return
		}
		select {
		case heard <- struct{}{}:
		default:
		}
		switch m := m.(type) {
		case *goredis.Message:
			h.message(m)
		case *goredis.Subscription:
			h.confirmed(m)
		}
	}
}

// talk subscribes and unsubscribes as it's needed, and gives up the connection when
// nothing is heard any more.
func (h *hub) talk(ctx context.Context, ps *goredis.PubSub, heard <-chan struct{}) {
	const silence = timeout
	t := time.NewTimer(silence)
	pinged := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-heard:
			pinged = false
			t.Reset(silence)
		case <-t.C:
			if pinged || ps.Ping(ctx) != nil {
				return
			}
			pinged = true
			t.Reset(silence)
		case <-h.dirty:
			enter, leave := h.changes()
			if len(enter) > 0 && ps.Subscribe(ctx, enter...) != nil {
				return
			}
			if len(leave) > 0 && ps.Unsubscribe(ctx, leave...) != nil {
				return
			}
		}
	}
}

// changes returns the channels to subscribe to and those to leave. What is under way
// for a channel ends before the next change.
func (h *hub) changes() (enter, leave []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for name, c := range h.channels {
		switch {
		case c.state == absent && len(c.subs) > 0:
			c.state = subscribing
			enter = append(enter, name)
		case c.state == standing && len(c.subs) == 0:
			c.state = leaving
			leave = append(leave, name)
		}
	}
	return enter, leave
}

// confirmed is called when the engine has carried out a change.
func (h *hub) confirmed(m *goredis.Subscription) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.channels[m.Channel]
	if c == nil {
		return
	}
	switch m.Kind {
	case "subscribe":
		c.state = standing
		for s := range c.subs {
			if s.stands {
				s.box.Put(notice{again: true}, 0)
				continue
			}
			s.stands = true
			s.ready <- nil
		}
	case "unsubscribe":
		c.state = absent
		if len(c.subs) == 0 {
			delete(h.channels, m.Channel)
		}
	}
	h.wake() // it may have changed again
}

func (h *hub) message(m *goredis.Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.channels[m.Channel]
	if c == nil {
		return
	}
	for s := range c.subs {
		if s.stands {
			s.box.Put(notice{payload: m.Payload}, len(m.Payload))
		}
	}
}
