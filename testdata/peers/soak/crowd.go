package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// crowd is a number of clients of all kinds.
type crowd struct {
	addr  string
	kinds []kind // of each client
	j     *judge
}

// kind is a way to behave. A client lives until ctx is done, and returns soon
// after; most come back with a new connection when theirs has ended.
type kind struct {
	name  string
	share int // of 100
	live  func(ctx context.Context, addr string, rnd *rand.Rand, j *judge)
}

var kinds = []kind{
	{"good", 70, good},
	{"reconnecting", 10, reconnecting},
	{"slow", 5, slow},
	{"silent", 10, silent},
	{"malformed", 5, malformed},
}

func newCrowd(addr string, n int, j *judge) *crowd {
	c := &crowd{addr: addr, j: j}
	for i := range n {
		at := i % 100 // at least one of each from 100 on
		for _, k := range kinds {
			if at -= k.share; at < 0 {
				c.kinds = append(c.kinds, k)
				break
			}
		}
	}
	// Mixed, so that one kind isn't all in before the next.
	rand.New(rand.NewPCG(1, 2)).Shuffle(n, func(a, b int) { c.kinds[a], c.kinds[b] = c.kinds[b], c.kinds[a] })
	return c
}

// run has all clients live for d, tells how it goes, and returns the most that
// the server held meanwhile.
func (c *crowd) run(ctx context.Context, d time.Duration, s *echoServer, out io.Writer) usage {
	// Not a deadline, which a dial would find in the context and fail of a
	// little before the context itself is done.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer time.AfterFunc(d, cancel).Stop()
	alive := map[string]*atomic.Int64{}
	for _, k := range kinds {
		alive[k.name] = new(atomic.Int64)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for i, k := range c.kinds {
			alive[k.name].Add(1)
			wg.Go(func() {
				defer alive[k.name].Add(-1)
				k.live(ctx, c.addr, rand.New(rand.NewPCG(uint64(i), 7)), c.j)
			})
			if i%20 == 19 && !pause(ctx, 5*time.Millisecond) { // thousands at once would be refused
				return
			}
		}
	})
	left := make(chan struct{})
	go func() { wg.Wait(); close(left) }()
	var most usage
	began, told := time.Now(), time.Now()
	for tick := time.NewTicker(250 * time.Millisecond); ; {
		select {
		case <-left:
			tick.Stop()
			return most
		case <-tick.C:
		}
		u := s.usage()
		most = usage{max(most.files, u.files), max(most.threads, u.threads), max(most.goroutines, u.goroutines), max(most.memory, u.memory)}
		if time.Since(told) >= 5*time.Second {
			told = time.Now()
			fmt.Fprintf(out, "%4.0fs of %v: %s; %s", time.Since(began).Seconds(), d, c.j, u)
			for name, n := range alive {
				if n := n.Load(); n > 0 && ctx.Err() != nil {
					fmt.Fprintf(out, "; %d %s to end", n, name)
				}
			}
			fmt.Fprintln(out)
		}
	}
}

// pause reports whether it was not cut short.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
