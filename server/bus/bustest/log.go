//go:build unix

package bustest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"hawser/websocket/server"
)

// A record is what one subscription got.
type record struct {
	mu     sync.Mutex
	events []server.Event // guarded by mu
	grown  chan struct{}  // has one when events has grown
	hold   chan struct{}  // if not nil, add waits for it
}

func newRecord() *record { return &record{grown: make(chan struct{}, 1)} }

func (r *record) add(e server.Event) {
	if r.hold != nil {
		<-r.hold
	}
	r.mu.Lock()
	r.events = append(r.events, e)
	r.mu.Unlock()
	select {
	case r.grown <- struct{}{}:
	default:
	}
}

func (r *record) all() []server.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.events[:len(r.events):len(r.events)]
}

// patience is how long a test waits for what has to come.
const patience = 30 * time.Second

// wait waits until enough(r.all()).
func (r *record) wait(t testing.TB, what string, enough func([]server.Event) bool) []server.Event {
	t.Helper()
	deadline := time.After(patience)
	for {
		if es := r.all(); enough(es) {
			return es
		}
		select {
		case <-r.grown:
		case <-deadline:
			es := r.all()
			t.Fatalf("%s doesn't come: %d events, the latest %s", what, len(es), texts(es[max(0, len(es)-5):]))
		}
	}
}

// has waits for the message.
func (r *record) has(t testing.TB, message string) []server.Event {
	t.Helper()
	return r.wait(t, fmt.Sprintf("%.40q", message), func(es []server.Event) bool {
		for _, e := range es {
			if string(e.Data) == message {
				return true
			}
		}
		return false
	})
}

// gap waits for one.
func (r *record) gap(t testing.TB) {
	t.Helper()
	r.wait(t, "a gap", func(es []server.Event) bool {
		for _, e := range es {
			if e.Gap {
				return true
			}
		}
		return false
	})
}

// texts returns the messages, and "gap" for each gap.
func texts(es []server.Event) []string {
	var s []string
	for _, e := range es {
		if e.Gap {
			s = append(s, "gap")
		} else {
			s = append(s, fmt.Sprintf("%.40s", e.Data))
		}
	}
	return s
}

// losses goes through what a subscription got of what publishers say that the engine
// accepted, in order. It returns how many are missing, and how many of these between two
// messages of the same publisher, or before the first, without a gap being told
// between. What comes twice or out of order is an error.
func losses(t testing.TB, accepted map[string][]int, es []server.Event) (lost, silent int) {
	t.Helper()
	next := make(map[string]int)   // index of the next one in accepted
	latest := make(map[string]int) // number of the latest that came
	gaps := make(map[string]int)   // how many were told by then
	told := 0
	account := func(who string, n int) {
		for ; next[who] < len(accepted[who]) && accepted[who][next[who]] < n; next[who]++ {
			lost++
			if gaps[who] == told {
				silent++
			}
		}
	}
	for _, e := range es {
		if e.Gap {
			told++
			continue
		}
		var who string
		var n int
		if _, err := fmt.Sscanf(string(e.Data), "%s %d", &who, &n); err != nil {
			t.Fatalf("%.40q: %v", e.Data, err)
		}
		if n <= latest[who] {
			t.Errorf("%s %d comes after %d", who, n, latest[who])
			continue
		}
		account(who, n)
		if i := next[who]; i < len(accepted[who]) && accepted[who][i] == n {
			next[who]++
		}
		latest[who], gaps[who] = n, told
	}
	for who := range accepted {
		account(who, 1<<62)
	}
	return lost, silent
}
