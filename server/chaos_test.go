package server_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"

	"hawser/websocket"
	"hawser/websocket/server"
)

// TestTopicsRandomly has many come, go, come back with old positions, read slowly and
// speak, while the engine forgets and fails now and then. What each gets has no hole that
// it isn't told of, and nothing twice.
func TestTopicsRandomly(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			const people, sessions = 12, 12
			bus := &memoryBus{hold: func() {
				if rand.IntN(8) == 0 {
					runtime.Gosched()
				}
			}}
			topics := &server.Topics{Server: &server.Server{Logger: silent.Logger, Slow: server.DropNewest}, Bus: bus, Encode: inform}
			var wg sync.WaitGroup
			for i := range people {
				wg.Go(func() {
					r := rand.New(rand.NewPCG(seed, uint64(i)))
					positions := make(map[string]server.Position)
					for range sessions {
						name := fmt.Sprint("topic ", r.IntN(2))
						p := newPerson(t)
						positions[name] = randomSession(t, r, bus, topics, p, name, positions[name])
						if r.IntN(2) == 0 {
							topics.Leave(p.conn, name)
						}
						p.client.CloseNow()
					}
				})
			}
			wg.Wait()
		})
	}
}

// randomSession joins, and checks what comes. It returns the latest position.
func randomSession(t *testing.T, r *rand.Rand, bus *memoryBus, topics *server.Topics, p *person, name string, after server.Position) (at server.Position) {
	for topics.Join(ctx, p.conn, name, after) != nil {
		runtime.Gosched() // the engine fails just now
	}
	began, jump := false, false
	for n := r.IntN(40); n > 0; {
		switch r.IntN(12) {
		case 0:
			bus.trim(name, r.IntN(30))
		case 1:
			bus.set(server.ErrBusUnavailable, nil)
			runtime.Gosched()
			bus.set(nil, nil)
		case 2:
			runtime.Gosched()
		}
		mine := fmt.Sprint("m", r.Uint64())
		sent := topics.Publish(ctx, name, websocket.Message{Type: websocket.Text, Data: []byte(mine)}) == nil
		for came := !sent; !came && n > 0; n-- {
			got := p.read(t)
			what, where, _ := strings.Cut(got, "at ")
			position, err := server.ParsePosition(where)
			if err != nil {
				t.Errorf("%q: %v", got, err)
				return at
			}
			switch what {
			case "begin ":
				if began || !after.IsZero() && position != after {
					t.Errorf("%q after %v, for who came with %v", got, at, after)
				}
				began = true
			case "gap, ":
				jump, came = true, true // mine may be what's missing
			default:
				// Without a position it begins somewhere behind what it's told.
				fresh := after.IsZero()
				if position.Offset <= at.Offset || position.Offset != at.Offset+1 && !jump && !fresh {
					t.Errorf("%q after %v", got, at)
				}
				jump, after = false, position
				came = strings.TrimSpace(what) == mine
			}
			at = position
		}
	}
	return at
}
