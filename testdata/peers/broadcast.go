package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// runBroadcast has the server send bursts of l.inFlight messages to everyone,
// the next when the last has arrived everywhere. A server that queues for slow
// readers so never has to drop one, and one that doesn't never waits for long.
func runBroadcast(l load, s *proc, w window) (values, error) {
	all, err := dialAll(s, l.conns)
	if err != nil {
		return nil, err
	}
	deadline(all, w.warm+w.measure+20*time.Second)
	t := plain(frameBinary, broadcastPayload(l.size), 1, 1)
	var arrived atomic.Int64
	var ending atomic.Bool
	news := make(chan struct{}, 1)
	errs := make(chan error, len(all))
	var wg sync.WaitGroup
	defer wg.Wait()
	defer closeAll(all)
	defer ending.Store(true)
	for _, c := range all {
		wg.Go(func() {
			p := parser{want: t.want, collect: t.check}
			buf := make([]byte, 4<<10)
			for {
				n, err := c.nc.Read(buf)
				if err == nil {
					n, _, err = p.feed(buf[:n])
				}
				if err != nil {
					if !ending.Load() {
						errs <- err
					}
					return
				}
				// The last of a burst wakes the sender, once.
				if burst := int64(l.inFlight * len(all)); arrived.Add(int64(n))%burst == 0 && n > 0 {
					select {
					case news <- struct{}{}:
					default:
					}
				}
			}
		})
	}
	// An echo each before, so that the server has all of them in its list.
	for _, c := range all {
		if _, err := c.nc.Write(t.batch(0, 1)); err != nil {
			return nil, err
		}
	}
	for until := time.Now().Add(10 * time.Second); arrived.Load() < int64(len(all)); time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			return nil, fmt.Errorf("%d of %d greetings came back", arrived.Load(), len(all))
		}
	}
	// gorilla allows one writer at a time: let those of the echoes return.
	time.Sleep(20 * time.Millisecond)
	arrived.Store(0)
	select {
	case <-news:
	default:
	}

	count := func() float64 { return float64(arrived.Load()) }
	burst := int64(l.inFlight * len(all))
	var before mark
	measuring := false
	start := time.Now()
	for sent := int64(0); ; {
		since := time.Since(start)
		if !measuring && since >= w.warm {
			measuring = true
			if before, err = begin(s, count); err != nil {
				return nil, err
			}
		}
		if since >= w.warm+w.measure {
			return before.end(s, count)
		}
		if _, err := s.ask("broadcast %d %d", l.inFlight, l.size); err != nil {
			return nil, err
		}
		for sent += burst; arrived.Load() < sent; {
			select {
			case <-news:
			case err := <-errs:
				return nil, fmt.Errorf("%w%s", err, s.said())
			case <-time.After(10 * time.Second):
				return nil, fmt.Errorf("%d of %d messages of a broadcast arrived", arrived.Load()-sent+burst, burst)
			}
		}
	}
}
