//go:build unix

package deploy

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hawser/websocket"
)

// dial connects to the room, as often as it takes.
func (d *deployment) dial(ctx context.Context, after string) *websocket.Conn {
	for ctx.Err() == nil {
		c, _, err := d.proxy.dialer().Dial(ctx, d.proxy.url("/room/fault?after="+url.QueryEscape(after)))
		if err == nil {
			return c
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil
}

type heard struct {
	Type, Position, Text, Why string
	ID                        int
	Again                     bool
}

// read returns the next message of a type among types.
func read(ctx context.Context, c *websocket.Conn, types ...string) (h heard, err error) {
	for {
		_, p, err := c.Read(ctx)
		if err != nil {
			return h, err
		}
		h = heard{}
		if err := json.Unmarshal(p, &h); err != nil {
			return h, err
		}
		if slices.Contains(types, h.Type) {
			return h, nil
		}
	}
}

// A member reads in the room, and comes back with its position when its connection is
// lost.
type member struct {
	mu    sync.Mutex
	log   []string // what came, in order: "gap", or who and a number
	begun chan struct{}
}

func (m *member) run(ctx context.Context, d *deployment) {
	position := ""
	begin := sync.OnceFunc(func() { close(m.begun) })
	for first := true; ctx.Err() == nil; first = false {
		c := d.dial(ctx, position)
		if c == nil {
			return
		}
		for {
			h, err := read(ctx, c, "begin", "message", "gap")
			if err != nil {
				break
			}
			if h.Position != "" {
				position = h.Position
			}
			m.mu.Lock()
			switch {
			case h.Type == "begin" && !first && position == "": // it knows that it was away
				m.log = append(m.log, "gap")
			case h.Type == "gap":
				m.log = append(m.log, "gap")
			case h.Type == "message":
				m.log = append(m.log, h.Text)
				d.received.Add(1)
			}
			m.mu.Unlock()
			begin()
		}
		c.CloseNow()
	}
}

func (m *member) has(text string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Contains(m.log[max(0, len(m.log)-100):], text)
}

// publish sends message after message, each when the one before has its answer, until
// ctx is done.
func (d *deployment) publish(ctx context.Context, who int, mu *sync.Mutex) {
	background := context.Background()
	pace := time.NewTicker(time.Millisecond)
	defer pace.Stop()
	n := 0
	for ctx.Err() == nil {
		c := d.dial(ctx, "")
		if c == nil {
			return
		}
		for ctx.Err() == nil {
			<-pace.C
			n++
			h := heard{}
			err := c.Write(background, websocket.Text, fmt.Appendf(nil, `{"id":%d,"text":"%d %d"}`, n, who, n))
			if err == nil {
				h, err = read(background, c, "sent", "refused")
			}
			mu.Lock()
			switch {
			case err == nil && h.ID == n && h.Type == "sent":
				d.accepted[who] = append(d.accepted[who], n)
			case err == nil && h.Again:
				d.refused++
			default:
				d.unknown++
			}
			mu.Unlock()
			if err != nil {
				break
			}
		}
		c.CloseNow()
	}
}

// count has the room be used before, during and after a fault.
func (d *deployment) count(t *testing.T, fault func()) {
	ctx, stop := context.WithCancel(ctx)
	var reading sync.WaitGroup
	defer reading.Wait()
	defer stop()
	var members []*member
	for range 9 {
		m := &member{begun: make(chan struct{})}
		members = append(members, m)
		reading.Go(func() { m.run(ctx, d) })
		<-m.begun
	}
	saying, hush := context.WithCancel(ctx)
	defer hush()
	var publishing sync.WaitGroup
	var mu sync.Mutex
	for who := range d.accepted {
		publishing.Go(func() { d.publish(saying, who, &mu) })
	}
	deadline := time.Now().Add(2 * time.Minute)
	until := func(n int64) {
		t.Helper()
		for d.received.Load() < n {
			if time.Now().After(deadline) {
				t.Fatalf("only %d deliveries", d.received.Load())
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	until(enough / 3)
	fault()
	until(enough)
	hush()
	publishing.Wait()
	d.end(t, ctx, members)
	d.judge(t, members)
}

// end waits until each member has all that it will get.
func (d *deployment) end(t *testing.T, ctx context.Context, members []*member) {
	t.Helper()
	bounded, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	c := d.dial(bounded, "")
	if c == nil {
		t.Fatal("the room can't be reached any more")
	}
	defer c.CloseNow()
	for i, m := range members {
		for n := 1; ; n++ { // what keeps no history may have members that aren't back
			text := fmt.Sprintf("end %d", i*1000+n)
			if c.Write(bounded, websocket.Text, fmt.Appendf(nil, `{"id":%d,"text":%q}`, n, text)) != nil {
				t.Fatal(c.Err())
			}
			for wait := time.Now().Add(time.Second); !m.has(text) && time.Now().Before(wait); {
				time.Sleep(time.Millisecond)
			}
			if m.has(text) {
				break
			}
			if bounded.Err() != nil {
				t.Fatal("a member is not back")
			}
		}
	}
}

// judge compares what was accepted with what came.
func (d *deployment) judge(t *testing.T, members []*member) {
	lost, untold, gaps, twice := 0, 0, 0, 0
	for _, m := range members {
		m.mu.Lock()
		log := m.log
		m.mu.Unlock()
		told := 0
		var latest, next, since [len(d.accepted)]int // number, index in accepted, gaps told by then
		account := func(who, n int) {
			for all := d.accepted[who]; next[who] < len(all) && all[next[who]] < n; next[who]++ {
				lost++
				if since[who] == told {
					untold++
				}
			}
		}
		for _, s := range log {
			if s == "gap" {
				gaps++
				told++
				continue
			}
			var who, n int
			if strings.HasPrefix(s, "end ") {
				continue
			}
			if _, err := fmt.Sscanf(s, "%d %d", &who, &n); err != nil || who >= len(latest) {
				t.Fatalf("%q: %v", s, err)
			}
			if n <= latest[who] {
				twice++
				continue
			}
			account(who, n)
			if all := d.accepted[who]; next[who] < len(all) && all[next[who]] == n {
				next[who]++
			}
			latest[who], since[who] = n, told
		}
		for who := range d.accepted {
			account(who, 1<<62)
		}
	}
	accepted := 0
	for _, a := range d.accepted {
		accepted += len(a)
	}
	t.Logf("%d deliveries to %d members; %d messages accepted, %d refused, %d unconfirmed; deliveries lost %d, of these not told of %d; twice or out of order %d; gaps told %d",
		d.received.Load(), len(members), accepted, d.refused, d.unknown, lost, untold, twice, gaps)
	if twice > 0 || untold > 0 || d.history && (lost > 0 || gaps > 0) {
		t.Error("that is more than may happen")
	}
}
