package server_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket"
	"hawser/websocket/server"
)

func at(offset uint64) server.Position { return server.Position{Epoch: "one", Offset: offset} }

// TestTopicsResume: who comes back with a position gets what came since, or is told
// that it can't be had.
func TestTopicsResume(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		after server.Position
		keep  int // how many of three messages the engine still has
		want  []string
	}{
		{"nothing missed", at(3), 3, []string{"begin at 3-one"}},
		{"two missed", at(1), 3, []string{"begin at 1-one", "m2 at 2-one", "m3 at 3-one"}},
		{"all missed", at(0), 3, []string{"begin at 0-one", "m1 at 1-one", "m2 at 2-one", "m3 at 3-one"}},
		{"just enough kept", at(1), 2, []string{"begin at 1-one", "m2 at 2-one", "m3 at 3-one"}},
		{"not enough kept", at(1), 1, []string{"begin at 1-one", "gap, at 2-one", "m3 at 3-one"}},
		{"nothing kept", at(1), 0, []string{"begin at 1-one", "gap, at 3-one"}},
		{"another epoch", server.Position{Epoch: "two", Offset: 2}, 3, []string{"begin at 2-two", "gap, at 3-one"}},
		{"ahead of the engine", at(9), 3, []string{"begin at 9-one", "gap, at 3-one"}},
		{"no position", server.Position{}, 3, []string{"begin at 3-one"}},
	} {
		for _, others := range []string{"alone", "with others"} {
			t.Run(tt.name+", "+others, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					bus := new(memoryBus)
					topics := &server.Topics{Server: silent, Bus: bus, Encode: inform}
					if others != "alone" {
						other := newPerson(t)
						join(t, topics, other, "x")
						defer other.expect(t, "begin at 0-one", "m1 at 1-one", "m2 at 2-one", "m3 at 3-one", "m4 at 4-one")
					}
					for _, m := range []string{"m1", "m2", "m3"} {
						publish(t, topics, "x", m)
					}
					synctest.Wait()
					bus.trim("x", tt.keep)
					p := newPerson(t)
					if err := topics.Join(ctx, p.conn, "x", tt.after); err != nil {
						t.Fatal(err)
					}
					p.expect(t, tt.want...)
					publish(t, topics, "x", "m4")
					p.expect(t, "m4 at 4-one")
					synctest.Wait()
					if n := bus.standing(); n != 1 {
						t.Errorf("%d subscriptions once nothing is missed", n)
					}
				})
			})
		}
	}
}

// TestTopicsResumeUnderLoad: many come back with positions while messages go on, and
// each gets every one once and in order.
func TestTopicsResumeUnderLoad(t *testing.T) {
	t.Parallel()
	const n, people = 2000, 20
	bus := new(memoryBus)
	topics := &server.Topics{Server: silent, Bus: bus, Encode: func(d server.Delivery) *websocket.Prepared {
		if d.Message.Type == 0 && !d.Gap {
			return nil
		}
		return inform(d)
	}}
	published := make(chan struct{})
	go func() {
		defer close(published)
		for i := range n {
			publish(t, topics, "x", fmt.Sprint("m", i+1))
		}
	}()
	var wg sync.WaitGroup
	for i := range people {
		wg.Go(func() {
			for got := 0; got < n; {
				p := newPerson(t)
				if err := topics.Join(ctx, p.conn, "x", at(uint64(got))); err != nil {
					t.Error(err)
					return
				}
				for range 1 + 10*i + got/3 { // then it goes away and comes back
					got++
					if want := fmt.Sprintf("m%d at %d-one", got, got); p.read(t) != want {
						t.Errorf("%s did not come when it should", want)
						return
					}
					if got == n {
						break
					}
				}
				p.client.CloseNow()
			}
		})
	}
	wg.Wait()
	<-published
}

// TestTopicsLongHistory: a history longer than a queue waits for the peer, as slow as
// it is, and for no others.
func TestTopicsLongHistory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const size, n = 50_000, 100 // 5 MB, five times the queue
		topics := &server.Topics{Server: silent, Bus: new(memoryBus)}
		quick, slow := newPerson(t), newPerson(t)
		join(t, topics, quick, "x")
		for i := range n {
			publish(t, topics, "x", fmt.Sprintf("%0*d", size, i))
			quick.read(t)
		}
		if err := topics.Join(ctx, slow.conn, "x", at(0)); err != nil {
			t.Fatal(err)
		}
		publish(t, topics, "x", "live")
		quick.expect(t, "live")
		for i := range n {
			time.Sleep(time.Second)
			if got := strings.TrimLeft(slow.read(t), "0"); got != strings.TrimLeft(fmt.Sprint(i), "0") {
				t.Fatalf("%q instead of %d", got, i)
			}
		}
		slow.expect(t, "live")
		synctest.Wait()
		publish(t, topics, "x", "live too")
		slow.expect(t, "live too")
		// One that leaves in the midst of it keeps its connection.
		if err := topics.Join(ctx, newPerson(t).conn, "x", at(0)); err != nil {
			t.Fatal(err)
		}
		leaver := newPerson(t)
		if err := topics.Join(ctx, leaver.conn, "x", at(0)); err != nil {
			t.Fatal(err)
		}
		leaver.read(t)
		topics.Leave(leaver.conn, "x")
		synctest.Wait()
		if err := leaver.conn.Err(); err != nil {
			t.Error(err)
		}
	})
}

// TestTopicsPositionWithoutEngine: positions of this process only, which has no history, are told of as
// a gap.
func TestTopicsPositionWithoutEngine(t *testing.T) {
	t.Parallel()
	topics := &server.Topics{Encode: inform}
	p := newPerson(t)
	if err := topics.Join(ctx, p.conn, "x", at(4)); err != nil {
		t.Fatal(err)
	}
	publish(t, topics, "x", "hello")
	p.expect(t, "begin at ", "gap, at ", "hello at ")
}

// TestTopicsEngineFails: what Join and Publish say when the engine is away, refuses or
// doesn't answer, and that nothing is left of it once it's back.
func TestTopicsEngineFails(t *testing.T) {
	t.Parallel()
	for _, want := range []error{server.ErrBusUnavailable, server.ErrBusDenied} {
		t.Run(want.Error(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				bus := &memoryBus{broken: fmt.Errorf("%w: it says so", want)}
				topics := &server.Topics{Server: silent, Bus: bus}
				p := newPerson(t)
				if err := topics.Join(ctx, p.conn, "x", server.Position{}); !errors.Is(err, want) {
					t.Error(err)
				}
				if err := topics.Publish(ctx, "x", websocket.Message{Type: websocket.Text}); !errors.Is(err, want) {
					t.Error(err)
				}
				if names := topics.Names(); len(names) != 0 {
					t.Error(names)
				}
				bus.set(nil, nil)
				join(t, topics, p, "x")
				publish(t, topics, "x", "back")
				p.expect(t, "back")
			})
		})
	}
	t.Run("no answer", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			bus := new(memoryBus)
			topics := &server.Topics{Server: silent, Bus: bus}
			a, b, c := newPerson(t), newPerson(t), newPerson(t)
			join(t, topics, a, "other")
			stopped := make(chan struct{})
			bus.set(nil, stopped)
			short, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			if err := topics.Join(short, b.conn, "x", server.Position{}); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			if err := topics.Publish(short, "x", websocket.Message{Type: websocket.Text}); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			joined := make(chan error)
			go func() { joined <- topics.Join(ctx, b.conn, "x", server.Position{}) }()
			synctest.Wait()
			topics.Leave(b.conn, "x")
			if err := <-joined; err != server.ErrLeft {
				t.Error(err)
			}
			go func() { joined <- topics.Join(ctx, b.conn, "x", server.Position{}) }()
			go func() { joined <- topics.Join(ctx, c.conn, "x", server.Position{}) }()
			synctest.Wait()
			b.client.CloseNow() // while it waits
			if err := <-joined; err == nil || err != b.conn.Err() {
				t.Error(err)
			}
			topics.Leave(a.conn, "other") // waits for nothing
			bus.set(nil, nil)
			close(stopped)
			if err := <-joined; err != nil {
				t.Error(err)
			}
			publish(t, topics, "x", "on")
			c.expect(t, "on")
			if d := cmp.Diff([]string{"x"}, topics.Names()); d != "" {
				t.Error(d)
			}
		})
	})
}

// TestTopicsDegrade: with that policy the members of a process go on among themselves
// without the engine, publishers are told, and a gap is told of when it's back.
func TestTopicsDegrade(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bus := &memoryBus{broken: server.ErrBusUnavailable}
		topics := &server.Topics{Server: silent, Bus: bus, Encode: inform, Degrade: true}
		a, b := newPerson(t), newPerson(t)
		say := func(text string, want error) {
			t.Helper()
			if err := topics.Publish(ctx, "x", websocket.Message{Type: websocket.Text, Data: []byte(text)}); !errors.Is(err, want) {
				t.Error(err)
			}
		}
		join(t, topics, a, "x")
		join(t, topics, b, "x")
		say("alone", server.ErrBusUnavailable)
		for _, p := range []*person{a, b} {
			p.expect(t, "begin at ", "alone at ")
		}
		bus.set(server.ErrBusUnconfirmed, nil) // it may have this one, so nobody gets it twice
		say("perhaps", server.ErrBusUnconfirmed)
		bus.set(nil, nil)
		time.Sleep(10 * time.Second)
		say("together", nil)
		for _, p := range []*person{a, b} {
			p.expect(t, "gap, at 0-one", "together at 1-one")
		}
		topics.Leave(a.conn, "x")
		topics.Leave(b.conn, "x")
		bus.set(server.ErrBusUnavailable, nil)
		join(t, topics, a, "x")
		topics.Leave(a.conn, "x")
		time.Sleep(10 * time.Second) // nobody tries any more
		bus.set(nil, nil)
		time.Sleep(10 * time.Second)
		if n := bus.standing(); n != 0 {
			t.Errorf("%d subscriptions are left", n)
		}
		bus.set(server.ErrBusDenied, nil)
		if err := topics.Join(ctx, b.conn, "x", server.Position{}); !errors.Is(err, server.ErrBusDenied) {
			t.Error(err)
		}
	})
}

// TestTopicsForeignMessages: what others put into the engine ends no connection.
func TestTopicsForeignMessages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bus := new(memoryBus)
		topics := &server.Topics{Server: silent, Bus: bus}
		p := newPerson(t)
		join(t, topics, p, "x")
		for _, data := range []string{"", "hello", "t\xff", "T\xff", "\x00", "b\xff", "tgood"} {
			if err := bus.Publish(ctx, "x", []byte(data)); err != nil {
				t.Fatal(err)
			}
		}
		p.expect(t, "\xff", "good")
	})
}

// TestPosition: positions come from clients, so they may be anything.
func TestPosition(t *testing.T) {
	t.Parallel()
	for _, p := range []server.Position{{}, {Epoch: "a"}, {Offset: 1}, {Epoch: "a-b", Offset: 1<<64 - 1}, {Epoch: "-", Offset: 7}} {
		got, err := server.ParsePosition(p.String())
		if got != p || err != nil {
			t.Errorf("%q: %+v, %v", p.String(), got, err)
		}
	}
	for _, s := range []string{"-", "0-", "1", "01-a", "+1-a", "-1-a", "x-a", " 1-a", "18446744073709551616-a", "1-" + strings.Repeat("x", 65)} {
		var p server.Position
		if err := p.UnmarshalText([]byte(s)); !errors.Is(err, server.ErrPosition) {
			t.Errorf("%q: %+v, %v", s, p, err)
		}
	}
}

// BenchmarkPublish has a message go to 500 connections: by Topics without an engine,
// and by Broadcast.
func BenchmarkPublish(b *testing.B) {
	for _, way := range []string{"topics", "broadcast"} {
		b.Run(way, func(b *testing.B) { benchmarkFanOut(b, way == "topics") })
	}
}

func benchmarkFanOut(b *testing.B, byTopics bool) {
	const people, n = 500, 100
	var topics server.Topics
	s := &server.Server{Handler: func(ctx context.Context, c *websocket.Conn) {
		topics.Join(ctx, c, "x", server.Position{})
		if c.Write(ctx, websocket.Text, []byte("joined")) != nil {
			return
		}
		c.Read(ctx)
	}}
	topics.Server = s
	url := start(b, s)
	got := make(chan struct{}, people)
	for range people {
		c := dial(b, url)
		if _, _, err := c.Read(ctx); err != nil {
			b.Fatal(err)
		}
		go func() {
			for i := 1; ; i++ {
				if _, _, err := c.Read(ctx); err != nil {
					return
				}
				if i%n == 0 {
					got <- struct{}{}
				}
			}
		}()
	}
	m := websocket.Message{Type: websocket.Text, Data: make([]byte, 128)}
	b.ReportAllocs()
	b.ResetTimer()
	for range (b.N + n - 1) / n { // so many that no queue gets full
		for range n {
			if byTopics {
				topics.Publish(ctx, "x", m)
			} else {
				s.Broadcast(websocket.NewPrepared(m.Type, m.Data))
			}
		}
		for range people {
			<-got
		}
	}
}
