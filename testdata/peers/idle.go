package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// runIdle opens connections, has each echo once, and asks how much more memory
// is resident than before, after a collection and the return of what is free.
func runIdle(l load, s *proc, w window) (values, error) {
	n := fitsDescriptors(l.conns)
	// Some come and go before, so that what the first of all need once, such
	// as the pages of the program itself, isn't counted.
	some, err := echoOnce(l, s, min(n, 100))
	closeAll(some)
	if err != nil {
		return nil, err
	}
	time.Sleep(w.warm + 200*time.Millisecond)
	s.ask("gc")
	empty, err := s.ask("gc")
	if err != nil {
		return nil, err
	}
	all, err := echoOnce(l, s, n)
	defer closeAll(all)
	if err != nil {
		return nil, err
	}
	time.Sleep(w.warm) // for goroutines that still have something to put away
	now, err := s.ask("memory")
	if err != nil {
		return nil, err
	}
	s.ask("gc") // what a pool keeps survives one collection
	full, err := s.ask("gc")
	if err != nil {
		return nil, err
	}
	return values{
		rss:     float64(full.RSS-empty.RSS) / float64(n),
		rssNow:  float64(now.RSS-empty.RSS) / float64(n),
		heap:    float64(full.Heap-empty.Heap) / float64(n),
		"stack": float64(full.Stack-empty.Stack) / float64(n),
		"conns": float64(n),
	}, nil
}

// echoOnce opens n connections and has each echo one message.
func echoOnce(l load, s *proc, n int) ([]*client, error) {
	all, err := dialAll(s, n)
	if err != nil {
		return nil, err
	}
	t, err := l.traffic(all[0])
	if err != nil {
		return all, err
	}
	deadline(all, 60*time.Second)
	var stop atomic.Bool
	stop.Store(true) // after the first
	errs := make(chan error, n)
	var wg sync.WaitGroup
	slots := make(chan struct{}, 64)
	for _, c := range all {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			one := &stream{client: c, t: t, inFlight: 1}
			if err := one.run(&stop); err != nil {
				errs <- err
			}
		})
	}
	wg.Wait()
	select {
	case err := <-errs:
		return all, fmt.Errorf("%w%s", err, s.said())
	default:
		return all, nil
	}
}

// fitsDescriptors returns n, or as many connections as the limit of open files
// allows, which is the same for the server.
func fitsDescriptors(n int) int {
	var r syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r) != nil {
		return n
	}
	return max(1, min(n, int(r.Cur)-200))
}
