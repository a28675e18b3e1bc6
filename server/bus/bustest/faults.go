//go:build unix

package bustest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hawser/websocket/server"
)

// killed kills the engine as it works, and has it back after a moment.
func killed(t *testing.T, e *Engine) {
	e.Kill()
	time.Sleep(300 * time.Millisecond) // some messages meet no engine
	e.Start(t)
}

// stopped has the engine do nothing for a moment.
func stopped(t *testing.T, e *Engine) {
	e.Stop()
	time.Sleep(1500 * time.Millisecond)
	e.Continue()
}

// fault has three processes publish and subscribe while the engine has a fault, twice.
// With a history all that was accepted comes, once and in order. Without one, all that
// doesn't is told of.
func (s Setup) fault(t *testing.T, what func(*testing.T, *Engine)) {
	const processes, publishers, enough = 3, 3, 500
	e := s.New(t)
	e.Start(t)
	var buses []server.Bus
	var records []*record
	for i := range processes {
		buses = append(buses, s.Open(t, e.Addr))
		for range 2 {
			r, _ := subscribe(t, buses[i], "fault", server.Position{})
			records = append(records, r)
		}
	}
	var mu sync.Mutex
	accepted := make(map[string][]int) // guarded by mu
	var count, refused, unconfirmed atomic.Int64
	ctx, stop := context.WithCancel(background)
	defer stop()
	var wg sync.WaitGroup
	for i := range publishers {
		who := fmt.Sprint("publisher", i)
		wg.Go(func() {
			for n := 1; ctx.Err() == nil; n++ {
				bounded, cancel := context.WithTimeout(background, 5*time.Second)
				err := buses[i%processes].Publish(bounded, "fault", fmt.Appendf(nil, "%s %d", who, n))
				cancel()
				switch {
				case err == nil:
					mu.Lock()
					accepted[who] = append(accepted[who], n)
					mu.Unlock()
					count.Add(1)
				case errors.Is(err, server.ErrBusUnavailable):
					refused.Add(1)
				case errors.Is(err, server.ErrBusUnconfirmed):
					unconfirmed.Add(1)
				default:
					t.Errorf("an error of no kind: %v", err)
				}
				time.Sleep(time.Millisecond) // about 1000 messages a second
			}
		})
	}
	more := func() { // waits until it works
		t.Helper()
		deadline := time.Now().Add(patience)
		for want := count.Load() + enough; count.Load() < want; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("only %d are accepted", count.Load())
			}
		}
	}
	more()
	for range 2 {
		what(t, e)
		more()
	}
	stop()
	wg.Wait()
	// Subscriptions may stand again only after this, so ask until the end comes.
	end := 0
	for _, r := range records {
		for came := false; !came; {
			end++
			bounded, cancel := context.WithTimeout(background, patience)
			if err := buses[0].Publish(bounded, "fault", fmt.Appendf(nil, "end %d", end)); err != nil {
				t.Fatal(err)
			}
			cancel()
			for deadline := time.Now().Add(time.Second); !came && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
				es := r.all()
				came = len(es) > 0 && string(es[len(es)-1].Data) == fmt.Sprint("end ", end)
			}
			if end > 100 {
				t.Fatal("a subscription doesn't come back")
			}
		}
	}
	lost, silent, deliveries, gaps := 0, 0, 0, 0
	for _, r := range records {
		es := r.all()
		l, s := losses(t, accepted, es)
		lost, silent, deliveries = lost+l, silent+s, deliveries+len(es)
		for _, e := range es {
			if e.Gap {
				gaps++
			}
		}
	}
	t.Logf("%d deliveries; %d messages accepted, %d refused, %d unconfirmed; %d deliveries lost, %d of them not told of, %d gaps told",
		deliveries, count.Load(), refused.Load(), unconfirmed.Load(), lost, silent, gaps)
	if silent > 0 || s.History && (lost > 0 || gaps > 0) {
		t.Error("that is a breach of the contract")
	}
}

// rewound: an engine that has lost the latest messages it accepted, as it may when its
// machine dies, doesn't have subscribers take new ones for those.
func (s Setup) rewound(t *testing.T) {
	e := s.New(t)
	e.Start(t)
	b := s.Open(t, e.Addr)
	r, _ := subscribe(t, b, "rewound", server.Position{})
	quiet, _ := subscribe(t, b, "quiet", server.Position{})
	say := func(b server.Bus, who string, n int) (last string) {
		for i := range n {
			last = fmt.Sprintf("%s %d", who, i+1)
			insist(t, b, "rewound", last)
			insist(t, b, "quiet", last)
		}
		return last
	}
	r.has(t, say(b, "kept", 5))
	e.Kill()
	saved := t.TempDir()
	if err := os.CopyFS(saved, os.DirFS(e.Dir)); err != nil {
		t.Fatal(err)
	}
	e.Start(t)
	r.has(t, say(s.Open(t, e.Addr), "lost", 5))
	quiet.has(t, "lost 5")
	e.Kill()
	if err := os.RemoveAll(e.Dir); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(e.Dir, os.DirFS(saved)); err != nil {
		t.Fatal(err)
	}
	e.Start(t)
	const n = 20 // more than were lost
	accepted := make(map[string][]int)
	for i := range n {
		accepted["new"] = append(accepted["new"], i+1)
	}
	say(s.Open(t, e.Addr), "new", n) // perhaps before the subscriptions stand again
	end := fmt.Sprint("end ", 1)
	for _, topic := range []string{"rewound", "quiet"} {
		insist(t, b, topic, end)
	}
	for _, r := range []*record{r, quiet} {
		if _, silent := losses(t, accepted, r.has(t, end)); silent > 0 {
			t.Errorf("%d are lost and not told of: %q", silent, texts(r.all()))
		}
	}
}

// insist publishes as soon as the engine is there.
func insist(t *testing.T, b server.Bus, topic, message string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		err := b.Publish(background, topic, []byte(message))
		if err == nil {
			return
		}
		if !errors.Is(err, server.ErrBusUnavailable) || time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// downAtTheStart: a Bus can be had before its engine, and works once that's there.
func (s Setup) downAtTheStart(t *testing.T) {
	e := s.New(t)
	b := s.Open(t, e.Addr)
	ctx, cancel := context.WithTimeout(background, patience)
	defer cancel()
	if err := b.Publish(ctx, "x", []byte("x")); !errors.Is(err, server.ErrBusUnavailable) || ctx.Err() != nil {
		t.Errorf("publish: %v", err)
	}
	if _, err := b.Subscribe(ctx, "x", server.Position{}, newRecord().add); !errors.Is(err, server.ErrBusUnavailable) || ctx.Err() != nil {
		t.Errorf("subscribe: %v", err)
	}
	e.Start(t)
	r := newRecord()
	for { // it may be a moment until it looks again
		_, err := b.Subscribe(ctx, "x", server.Position{}, r.add)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	publish(t, b, "x", "up")
	want(t, r.has(t, "up"), "up")
}

// noAnswer: an engine that doesn't answer holds up nobody longer than the context says.
func (s Setup) noAnswer(t *testing.T) {
	e := s.New(t)
	e.Start(t)
	b := s.Open(t, e.Addr)
	r, _ := subscribe(t, b, "x", server.Position{})
	publish(t, b, "x", "before")
	r.has(t, "before")
	e.Stop()
	defer e.Continue()
	var wg sync.WaitGroup
	for i := range 1000 {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(background, 300*time.Millisecond)
			defer cancel()
			err := b.Publish(ctx, "x", fmt.Appendf(nil, "m %d", i))
			if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, server.ErrBusUnavailable) && !errors.Is(err, server.ErrBusUnconfirmed) {
				t.Errorf("publish: %v", err)
			}
		})
	}
	ctx, cancel := context.WithTimeout(background, 300*time.Millisecond)
	defer cancel()
	if _, err := b.Subscribe(ctx, "y", server.Position{}, newRecord().add); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("subscribe: %v", err)
	}
	wg.Wait()
	e.Continue()
	publish(t, b, "x", "after")
	r.has(t, "after")
}
