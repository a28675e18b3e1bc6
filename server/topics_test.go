package server_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket"
	"hawser/websocket/frame"
	"hawser/websocket/server"
)

var silent = &server.Server{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}

// inform is an Encode that tells members everything, in words.
func inform(d server.Delivery) *websocket.Prepared {
	s := "at " + d.Position.String()
	switch {
	case d.Gap:
		s = "gap, " + s
	case d.Message.Type == 0:
		s = "begin " + s
	default:
		s = string(d.Message.Data) + " " + s
	}
	return websocket.NewPrepared(websocket.Text, []byte(s))
}

// A person is a client, and the server's end of its connection.
type person struct{ client, conn *websocket.Conn }

func newPerson(t testing.TB) *person {
	p := new(person)
	p.client, p.conn = websocket.Pipe(websocket.Config{PingInterval: -1}, websocket.Config{PingInterval: -1})
	t.Cleanup(func() {
		p.client.CloseNow()
		p.conn.CloseNow()
	})
	go func() { // answers Close frames
		for range p.conn.Messages(ctx) {
		}
	}()
	return p
}

func (p *person) read(t testing.TB) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	_, data, err := p.client.Read(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func (p *person) expect(t testing.TB, want ...string) {
	t.Helper()
	var got []string
	for range want {
		got = append(got, p.read(t))
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func join(t testing.TB, topics *server.Topics, p *person, name string) {
	t.Helper()
	if err := topics.Join(ctx, p.conn, name, server.Position{}); err != nil {
		t.Fatal(err)
	}
}

func publish(t testing.TB, topics *server.Topics, name, text string) {
	t.Helper()
	if err := topics.Publish(ctx, name, websocket.Message{Type: websocket.Text, Data: []byte(text)}); err != nil {
		t.Fatal(err)
	}
}

func conns(ps ...*person) (cs []*websocket.Conn) {
	for _, p := range ps {
		cs = append(cs, p.conn)
	}
	return cs
}

func sameConns(a, b []*websocket.Conn) bool {
	if len(a) != len(b) {
		return false
	}
	for _, c := range a {
		if !slices.Contains(b, c) {
			return false
		}
	}
	return true
}

// buses runs f without an engine and with one.
func buses(t *testing.T, f func(t *testing.T, bus server.Bus)) {
	for _, with := range []string{"no engine", "an engine"} {
		t.Run(with, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				if with == "no engine" {
					f(t, nil)
				} else {
					f(t, new(memoryBus))
				}
			})
		})
	}
}

// TestTopicsReachTheirMembers: those who have joined, and nobody else, get what is
// published, of either type and in order.
func TestTopicsReachTheirMembers(t *testing.T) {
	t.Parallel()
	buses(t, func(t *testing.T, bus server.Bus) {
		topics := &server.Topics{Bus: bus}
		a, b, c := newPerson(t), newPerson(t), newPerson(t)
		join(t, topics, a, "red")
		join(t, topics, b, "red")
		join(t, topics, b, "blue")
		join(t, topics, b, "blue") // once more has no effect
		join(t, topics, c, "blue")
		if d := cmp.Diff([]string{"blue", "red"}, topics.Names()); d != "" {
			t.Error(d)
		}
		if got := slices.Collect(topics.Members("red")); !sameConns(got, conns(a, b)) {
			t.Error(got)
		}
		if got := slices.Collect(topics.Members("green")); got != nil {
			t.Error(got)
		}
		publish(t, topics, "red", "one")
		publish(t, topics, "red", "")
		publish(t, topics, "green", "for nobody")
		a.expect(t, "one", "")
		b.expect(t, "one", "")
		publish(t, topics, "blue", "two")
		b.expect(t, "two")
		c.expect(t, "two")
		for _, kind := range []websocket.MessageType{websocket.Binary, websocket.Binary | websocket.Uncompressed, websocket.Text | websocket.Uncompressed} {
			if err := topics.Publish(ctx, "red", websocket.Message{Type: kind, Data: []byte("x")}); err != nil {
				t.Fatal(err)
			}
			if got, data, err := a.client.Read(ctx); got != kind&^websocket.Uncompressed || string(data) != "x" || err != nil {
				t.Error(got, data, err)
			}
			b.expect(t, "x")
		}
		topics.Leave(b.conn, "red")
		topics.Leave(b.conn, "red")
		publish(t, topics, "red", "three")
		publish(t, topics, "blue", "four")
		a.expect(t, "three")
		b.expect(t, "four")
		c.expect(t, "four")
	})
}

// TestTopicsEndWithTheirMembers: a connection that ends leaves by itself, and nothing
// is left of a topic without members, nor of its subscription.
func TestTopicsEndWithTheirMembers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bus := new(memoryBus)
		topics := &server.Topics{Bus: bus}
		a, b := newPerson(t), newPerson(t)
		for _, name := range []string{"x", "y", "z"} {
			join(t, topics, a, name)
		}
		join(t, topics, b, "x")
		if n := bus.standing(); n != 3 {
			t.Errorf("%d subscriptions", n)
		}
		a.client.Close(frame.CodeNormal, "")
		synctest.Wait()
		if d := cmp.Diff([]string{"x"}, topics.Names()); d != "" || bus.standing() != 1 {
			t.Error(d, bus.standing())
		}
		if err := topics.Join(ctx, a.conn, "x", server.Position{}); websocket.CloseCode(err) != frame.CodeNormal {
			t.Error(err)
		}
		topics.Leave(b.conn, "x")
		synctest.Wait()
		if d := cmp.Diff([]string{}, topics.Names()); d != "" || bus.standing() != 0 {
			t.Error(d, bus.standing())
		}
		join(t, topics, b, "x")
		publish(t, topics, "x", "again")
		b.expect(t, "again")
	})
}

// TestTopicsRefuse has what can't be joined or published, and what says so.
func TestTopicsRefuse(t *testing.T) {
	t.Parallel()
	buses(t, func(t *testing.T, bus server.Bus) {
		topics := &server.Topics{Bus: bus, MaxMessage: 10, MaxJoined: 2}
		p := newPerson(t)
		for _, name := range []string{"", strings.Repeat("x", server.MaxTopic+1), "a\xff"} {
			var e *server.TopicError
			if err := topics.Join(ctx, p.conn, name, server.Position{}); !errors.As(err, &e) || e.Topic != name {
				t.Errorf("%q: %v", name, err)
			}
			if err := topics.Publish(ctx, name, websocket.Message{Type: websocket.Text}); !errors.As(err, &e) || e.Topic != name {
				t.Errorf("%q: %v", name, err)
			}
		}
		over, cancel := context.WithCancel(ctx)
		cancel()
		for _, tt := range []struct {
			m    websocket.Message
			ctx  context.Context
			want error
		}{
			{websocket.Message{Type: websocket.Text, Data: make([]byte, 10)}, ctx, nil},
			{websocket.Message{Type: websocket.Text, Data: make([]byte, 11)}, ctx, server.ErrMessageSize},
			{websocket.Message{Type: websocket.Text, Data: []byte("\xff")}, ctx, server.ErrMessageText},
			{websocket.Message{Type: websocket.Binary, Data: []byte("\xff")}, ctx, nil},
			{websocket.Message{Type: websocket.Text}, over, context.Canceled},
		} {
			if err := topics.Publish(tt.ctx, "x", tt.m); !errors.Is(err, tt.want) {
				t.Errorf("%v %q: %v", tt.m.Type, tt.m.Data, err)
			}
		}
		if err := topics.Publish(ctx, "x", websocket.Message{Data: []byte("x")}); err == nil {
			t.Error("a message of no type is published")
		}
		if err := topics.Join(over, p.conn, "x", server.Position{}); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		join(t, topics, p, strings.Repeat("x", server.MaxTopic))
		join(t, topics, p, " \x00.*>\n")
		if err := topics.Join(ctx, p.conn, "third", server.Position{}); err != server.ErrTooManyTopics {
			t.Error(err)
		}
		topics.Leave(p.conn, " \x00.*>\n")
		join(t, topics, p, "third")
		publish(t, topics, "third", "ok")
		p.expect(t, "ok")
	})
}

// TestTopicsSlowMember: a member whose peer reads nothing holds up nobody, and what
// becomes of it is the server's policy. One whose messages are left out is told of a
// gap, once there is room.
func TestTopicsSlowMember(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		policy server.SlowPolicy
		code   frame.Code
	}{{"1008", server.CloseSlow, 1008}, {"1013", server.CloseSlow1013, 1013}, {"drop", server.DropNewest, 0}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const size, n = 50_000, 100 // of which a queue of 1 MiB holds 20, and the pipe one and a bit
				topics := &server.Topics{Server: &server.Server{Slow: tt.policy}, Encode: func(d server.Delivery) *websocket.Prepared {
					switch {
					case d.Gap:
						return websocket.NewPrepared(websocket.Text, []byte("gap"))
					case d.Message.Type == 0:
						return nil
					}
					return websocket.NewPrepared(d.Message.Type, d.Message.Data)
				}}
				slow, quick := newPerson(t), newPerson(t)
				join(t, topics, slow, "x")
				join(t, topics, quick, "x")
				for i := range n {
					m := make([]byte, size)
					m[0] = byte(i)
					publish(t, topics, "x", string(m))
					if got := quick.read(t); got[0] != byte(i) {
						t.Fatalf("%d instead of %d", got[0], i)
					}
				}
				got, last, jump := 0, -1, false
				for {
					readable, cancel := context.WithTimeout(ctx, time.Second)
					_, data, err := slow.client.Read(readable)
					cancel()
					if err != nil {
						if tt.code != 0 && websocket.CloseCode(err) != tt.code || tt.code == 0 && !errors.Is(err, context.DeadlineExceeded) {
							t.Error(err)
						}
						break
					}
					if string(data) == "gap" {
						jump = true
						continue
					}
					if next := int(data[0]); next != last+1 && (!jump || next <= last) {
						t.Fatalf("%d after %d", next, last)
					}
					last, jump = int(data[0]), false
					got++
				}
				if got < 10 || got > 30 {
					t.Errorf("the slow one got %d", got)
				}
				if tt.code == 0 {
					publish(t, topics, "x", "next")
					if jump = jump || last == n-1; !jump {
						slow.expect(t, "gap")
					}
					slow.expect(t, "next")
					publish(t, topics, "x", "last")
					slow.expect(t, "last")
				}
			})
		})
	}
}

// TestTopicsJoinAndLeaveAtOnce: however members come and go, what is published after
// a Join returned arrives, once and in order.
func TestTopicsJoinAndLeaveAtOnce(t *testing.T) {
	t.Parallel()
	buses(t, func(t *testing.T, bus server.Bus) {
		topics := &server.Topics{Bus: bus}
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				p := newPerson(t)
				seen := make(map[string]bool)
				for j := range 50 {
					name := "topic " + strconv.Itoa(j%3)
					join(t, topics, p, name)
					mine := fmt.Sprintf("%d/%d", i, j)
					publish(t, topics, name, mine)
					for !seen[mine] { // others' may come before it
						got := p.read(t)
						if seen[got] {
							t.Errorf("%q came twice", got)
						}
						seen[got] = true
					}
					topics.Leave(p.conn, name)
				}
			})
		}
		wg.Wait()
		if names := topics.Names(); len(names) != 0 {
			t.Error(names)
		}
	})
}

// TestTopicsOrder: all members get the messages of many who publish at the same time in
// one order, and each one's in its own.
func TestTopicsOrder(t *testing.T) {
	t.Parallel()
	buses(t, func(t *testing.T, bus server.Bus) {
		const members, publishers, n = 5, 4, 100
		topics := &server.Topics{Bus: bus}
		var people []*person
		for range members {
			p := newPerson(t)
			people = append(people, p)
			join(t, topics, p, "x")
		}
		var wg sync.WaitGroup
		for i := range publishers {
			wg.Go(func() {
				for j := range n {
					publish(t, topics, "x", fmt.Sprintf("%d %03d", i, j))
				}
			})
		}
		var first []string
		for _, p := range people {
			var got []string
			latest := make(map[string]string)
			for range publishers * n {
				who, what, _ := strings.Cut(p.read(t), " ")
				if what <= latest[who] && latest[who] != "" {
					t.Fatalf("%s of %s after %s", what, who, latest[who])
				}
				latest[who] = what
				got = append(got, who+what)
			}
			if first == nil {
				first = got
			}
			if d := cmp.Diff(first, got); d != "" {
				t.Fatal(d)
			}
		}
		wg.Wait()
	})
}
