//go:build unix

// Package bustest checks that an adapter keeps the promises of [server.Bus], with the
// real engine, which it kills, stops and restarts.
//
//	func TestBus(t *testing.T) {
//		bustest.Run(t, bustest.Setup{
//			New:    func(t *testing.T) *bustest.Engine { return bustest.NewEngine(t, "redis-server", "--port", "PORT") },
//			Open:   func(t *testing.T, addr string) server.Bus { return redis.NewPubSub(...) },
//			Denied: func(t *testing.T, addr string) server.Bus { return redis.NewPubSub(...) },
//		})
//	}
package bustest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hawser/websocket/server"
)

var background = context.Background()

// Setup says what is to be checked.
type Setup struct {
	// New makes an engine with its data in a folder of its own, and doesn't start it.
	New func(t *testing.T) *Engine
	// Open returns a Bus to the engine at addr, as another process would have one. It's
	// closed with the test. It must not fail if nobody listens there.
	Open func(t *testing.T, addr string) server.Bus
	// Denied returns a Bus with a password that the engine refuses. It's nil if the
	// engine has none.
	Denied func(t *testing.T, addr string) server.Bus
	// History tells that the engine keeps one: nothing that was accepted may be lost.
	History bool
	// MaxMessage is the longest message that the engine takes, 0 if it's of no interest.
	MaxMessage int
	// Trim has the engine forget all of the topic but its newest messages, if it's not
	// nil. It's for engines with a History.
	Trim func(t *testing.T, addr, topic string)
}

// Run runs all checks as subtests.
func Run(t *testing.T, s Setup) {
	t.Run("engine up", func(t *testing.T) {
		e := s.New(t)
		e.Start(t)
		x := &suite{s, e}
		for name, f := range map[string]func(*testing.T){
			"names": x.names, "sizes": x.sizes, "order": x.order, "stands": x.stands, "ends": x.ends,
			"slow": x.slow, "positions": x.positions, "closed": x.closed, "denied": x.denied,
		} {
			if name != "denied" || s.Denied != nil {
				t.Run(name, f)
			}
		}
	})
	t.Run("engine killed and restarted", func(t *testing.T) { s.fault(t, killed) })
	t.Run("engine stopped for a while", func(t *testing.T) { s.fault(t, stopped) })
	if s.History {
		t.Run("engine loses the latest messages", s.rewound)
	}
	t.Run("engine down at the start", s.downAtTheStart)
	t.Run("engine doesn't answer", s.noAnswer)
}

type suite struct {
	Setup
	*Engine
}

func (x *suite) open(t *testing.T) server.Bus { return x.Open(t, x.Addr) }

func subscribe(t *testing.T, b server.Bus, topic string, after server.Position) (*record, server.Position) {
	t.Helper()
	r := newRecord()
	return r, subscribeWith(t, b, topic, after, r)
}

func subscribeWith(t *testing.T, b server.Bus, topic string, after server.Position, r *record) server.Position {
	t.Helper()
	ctx, cancel := context.WithCancel(background)
	t.Cleanup(cancel)
	bounded := time.AfterFunc(patience, cancel)
	defer bounded.Stop()
	p, err := b.Subscribe(ctx, topic, after, r.add)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func publish(t *testing.T, b server.Bus, topic, message string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(background, patience)
	defer cancel()
	if err := b.Publish(ctx, topic, []byte(message)); err != nil {
		t.Fatal(err)
	}
}

func want(t *testing.T, es []server.Event, messages ...string) {
	t.Helper()
	if got := texts(es); !slices.Equal(got, messages) {
		t.Errorf("got %q\nwant %q", got, messages)
	}
}

// names: any that Topics lets through is a topic of its own.
func (x *suite) names(t *testing.T) {
	names := []string{"a", "A", "a.b", "a.*", "a.>", "*", ">", ".", "..", " ", "a b", "a\tb", "a\nb", "a\x00b", "{a}", "}", "{}", "%7D", "%", "ä", "a\u0308", "$SYS", "_INBOX.x",
		strings.Repeat("x", server.MaxTopic), strings.Repeat("\U0001F600", server.MaxTopic/4), strings.Repeat(" ", server.MaxTopic)}
	here, there := x.open(t), x.open(t)
	var records []*record
	for _, name := range names {
		r, _ := subscribe(t, here, name, server.Position{})
		records = append(records, r)
	}
	for _, name := range names {
		publish(t, there, name, "to "+name)
		publish(t, there, name, "end")
	}
	for i, name := range names {
		want(t, records[i].has(t, "end"), fmt.Sprintf("%.40s", "to "+name), "end")
	}
}

// sizes: any bytes arrive as they were, and what is too long is refused.
func (x *suite) sizes(t *testing.T) {
	b := x.open(t)
	r, _ := subscribe(t, b, "sizes", server.Position{})
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	long := bytes.Repeat(all, 2000)
	if x.MaxMessage > 0 {
		long = bytes.Repeat([]byte{255}, x.MaxMessage)
		if err := b.Publish(background, "sizes", make([]byte, x.MaxMessage+1)); !errors.Is(err, server.ErrMessageSize) {
			t.Errorf("a message that is too long: %v", err)
		}
	}
	for _, m := range [][]byte{{0}, all, long} {
		publish(t, b, "sizes", string(m))
	}
	es := r.wait(t, "all of them", func(es []server.Event) bool { return len(es) == 3 })
	for i, m := range [][]byte{{0}, all, long} {
		if !bytes.Equal(es[i].Data, m) {
			t.Errorf("%d: %d bytes, not the %d that were sent", i, len(es[i].Data), len(m))
		}
	}
}

// order: with two processes, of which several goroutines publish at the same time, all
// get all, once, and each publisher's in its order.
func (x *suite) order(t *testing.T) {
	const publishers, n = 8, 500
	buses := []server.Bus{x.open(t), x.open(t)}
	var records []*record
	for i := range 4 {
		r, _ := subscribe(t, buses[i%2], "order", server.Position{})
		records = append(records, r)
	}
	accepted := make(map[string][]int)
	var wg sync.WaitGroup
	for i := range publishers {
		who := fmt.Sprint("publisher", i)
		for j := range n {
			accepted[who] = append(accepted[who], j+1)
		}
		wg.Go(func() {
			for j := range n {
				if err := buses[i%2].Publish(background, "order", fmt.Appendf(nil, "%s %d", who, j+1)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	publish(t, buses[0], "order", "end 1")
	var first []string
	for _, r := range records {
		es := r.has(t, "end 1")
		if lost, _ := losses(t, accepted, es); lost > 0 {
			t.Errorf("%d are missing", lost)
		}
		if !x.History {
			continue
		}
		if first == nil {
			first = texts(es)
		} else if !slices.Equal(texts(es), first) {
			t.Error("two subscriptions have different orders")
		}
		for i := 1; i < len(es); i++ {
			if es[i].Position.Epoch != es[0].Position.Epoch || es[i].Position.Offset <= es[i-1].Position.Offset {
				t.Fatalf("%v comes after %v", es[i].Position, es[i-1].Position)
			}
		}
	}
}

// stands: however subscriptions to a topic come and go, what is published after
// Subscribe returned arrives.
func (x *suite) stands(t *testing.T) {
	here, there := x.open(t), x.open(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 20 {
				topic := fmt.Sprint("stands ", j%2)
				ctx, cancel := context.WithCancel(background)
				r := newRecord()
				if _, err := here.Subscribe(ctx, topic, server.Position{}, r.add); err != nil {
					t.Error(err)
					cancel()
					return
				}
				mine := fmt.Sprintf("%d/%d", i, j)
				if err := there.Publish(background, topic, []byte(mine)); err != nil {
					t.Error(err)
				}
				deadline := time.After(patience)
				for done := false; !done; {
					for _, e := range r.all() {
						done = done || string(e.Data) == mine
					}
					if done {
						break
					}
					select {
					case <-r.grown:
					case <-deadline:
						t.Errorf("%s doesn't come, but %q", mine, texts(r.all()))
						done = true
					}
				}
				for _, e := range r.all() {
					if e.Gap {
						t.Error("a gap, but nothing was lost")
					}
				}
				cancel()
			}
		})
	}
	wg.Wait()
}

// ends: a subscription whose context is done gets nothing more.
func (x *suite) ends(t *testing.T) {
	b := x.open(t)
	ctx, cancel := context.WithCancel(background)
	r := newRecord()
	if _, err := b.Subscribe(ctx, "ends", server.Position{}, r.add); err != nil {
		t.Fatal(err)
	}
	other, _ := subscribe(t, b, "ends", server.Position{})
	publish(t, b, "ends", "before")
	r.has(t, "before")
	cancel()
	for i := range 100 {
		publish(t, b, "ends", fmt.Sprint("after ", i))
	}
	other.has(t, "after 99")
	if n := len(r.all()); n > 2 { // one may have been under way
		t.Errorf("%d events after the end", n-1)
	}
	if _, err := b.Subscribe(ctx, "ends", server.Position{}, r.add); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that is done: %v", err)
	}
	if err := b.Publish(ctx, "ends", []byte("x")); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("a context that is done: %v", err)
	}
}

// slow: a subscription whose function doesn't return holds up neither others nor those
// who publish, and once it returns gets everything, or is told.
func (x *suite) slow(t *testing.T) {
	const n, size = 400, 50_000 // 20 MB
	b := x.open(t)
	slow := newRecord()
	slow.hold = make(chan struct{})
	subscribeWith(t, b, "slow", server.Position{}, slow)
	quick, _ := subscribe(t, b, "slow", server.Position{})
	other, _ := subscribe(t, b, "other", server.Position{})
	accepted := make(map[string][]int)
	for i := range n {
		publish(t, b, "slow", fmt.Sprintf("me %d %0*d", i+1, size, 0))
		accepted["me"] = append(accepted["me"], i+1)
		if i%20 == 19 { // or the quick one is slow too
			quick.wait(t, "what a quick one gets", func(es []server.Event) bool { return len(es) == i+1 })
		}
	}
	publish(t, b, "other", "hello")
	other.has(t, "hello")
	close(slow.hold)
	slow.wait(t, "the rest or a gap", func(es []server.Event) bool {
		return len(es) == n || !x.History && slices.ContainsFunc(es, func(e server.Event) bool { return e.Gap })
	})
	publish(t, b, "slow", fmt.Sprintf("me %d", n+1))
	lost, silent := losses(t, accepted, slow.has(t, fmt.Sprintf("me %d", n+1)))
	if silent > 0 || x.History && lost > 0 {
		t.Errorf("%d lost, %d of them not told of", lost, silent)
	}
}

// positions: a subscription from one gets what came after it, or a gap.
func (x *suite) positions(t *testing.T) {
	b := x.open(t)
	r, start := subscribe(t, b, "positions", server.Position{})
	if !x.History {
		if !start.IsZero() {
			t.Errorf("%v without a history", start)
		}
		r, _ := subscribe(t, b, "positions", server.Position{Epoch: "e", Offset: 1})
		r.gap(t)
		publish(t, b, "positions", "m")
		want(t, r.has(t, "m"), "gap", "m")
		return
	}
	if start.IsZero() {
		t.Error("no position")
	}
	for _, m := range []string{"m1", "m2", "m3"} {
		publish(t, b, "positions", m)
	}
	es := r.has(t, "m3")
	tail := es[2].Position
	for _, tt := range []struct {
		name  string
		after server.Position
		want  []string
	}{
		{"the beginning", start, []string{"m1", "m2", "m3"}},
		{"the middle", es[0].Position, []string{"m2", "m3"}},
		{"the end", tail, nil},
		{"ahead", server.Position{Epoch: tail.Epoch, Offset: tail.Offset + 1<<40}, []string{"gap"}},
		{"another epoch", server.Position{Epoch: "other", Offset: tail.Offset}, []string{"gap"}},
		{"no offset", server.Position{Epoch: "other"}, []string{"gap"}},
		{"a strange epoch", server.Position{Epoch: "\x00 *\n>", Offset: 1<<64 - 1}, []string{"gap"}},
	} {
		other := x.open(t) // another process, as after a death
		r, _ := subscribe(t, other, "positions", tt.after)
		r.wait(t, tt.name, func(es []server.Event) bool { return len(es) >= len(tt.want) })
		want(t, r.all(), tt.want...)
		defer func() {
			t.Helper()
			want(t, r.has(t, "m4"), append(tt.want, "m4")...)
		}()
	}
	publish(t, b, "positions", "m4")
	r.has(t, "m4")
	if x.Trim == nil {
		return
	}
	r, start = subscribe(t, b, "trimmed", server.Position{})
	for i := range 20 {
		publish(t, b, "trimmed", fmt.Sprint("t", i))
	}
	r.has(t, "t19")
	x.Trim(t, x.Addr, "trimmed")
	old, _ := subscribe(t, x.open(t), "trimmed", start)
	old.gap(t)
	publish(t, b, "trimmed", "last")
	if es := old.has(t, "last"); !es[0].Gap {
		t.Errorf("%q, and the first ones are gone", texts(es))
	}
}

// closed: a Bus that is closed, twice even, refuses what comes, and calls nobody.
func (x *suite) closed(t *testing.T) {
	b, other := x.open(t), x.open(t)
	c, ok := b.(interface{ Close() error })
	if !ok {
		return
	}
	r, _ := subscribe(t, b, "closed", server.Position{})
	publish(t, other, "closed", "before")
	r.has(t, "before")
	c.Close()
	c.Close()
	publish(t, other, "closed", "after")
	if err := b.Publish(background, "closed", []byte("x")); !errors.Is(err, server.ErrBusUnavailable) {
		t.Errorf("publish: %v", err)
	}
	if _, err := b.Subscribe(background, "closed", server.Position{}, r.add); !errors.Is(err, server.ErrBusUnavailable) {
		t.Errorf("subscribe: %v", err)
	}
	want(t, r.all(), "before")
}

// denied: a wrong password is told apart from an engine that is away.
func (x *suite) denied(t *testing.T) {
	b := x.Denied(t, x.Addr)
	ctx, cancel := context.WithTimeout(background, patience)
	defer cancel()
	if err := b.Publish(ctx, "x", []byte("x")); !errors.Is(err, server.ErrBusDenied) {
		t.Errorf("publish: %v", err)
	}
	if _, err := b.Subscribe(ctx, "x", server.Position{}, newRecord().add); !errors.Is(err, server.ErrBusDenied) {
		t.Errorf("subscribe: %v", err)
	}
}
