package main

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

func itoa(n int) string { return strconv.Itoa(n) }

// runEcho keeps messages in flight on all connections and counts what one costs.
func runEcho(l load, s *proc, w window) (values, error) {
	all, err := dialAll(s, l.conns)
	if err != nil {
		return nil, err
	}
	defer closeAll(all)
	t, err := l.traffic(all[0])
	if err != nil {
		return nil, err
	}
	deadline(all, w.warm+w.measure+20*time.Second)

	var stop atomic.Bool
	var wg sync.WaitGroup
	streams := make([]*stream, len(all))
	errs := make(chan error, len(all))
	for i, c := range all {
		streams[i] = &stream{client: c, t: t, inFlight: l.inFlight}
		wg.Go(func() {
			if err := streams[i].run(&stop); err != nil {
				errs <- err
			}
		})
	}
	// How many messages came back: in bytes, so that parts of long ones count,
	// unless only their number is known.
	echoed := func() float64 {
		var messages, bytes int64
		for _, s := range streams {
			messages += s.messages.Load()
			bytes += s.bytes.Load()
		}
		if t.want <= 0 {
			return float64(messages)
		}
		return float64(bytes) / float64(t.want)
	}

	time.Sleep(w.warm)
	before, err := begin(s, echoed)
	if err == nil {
		time.Sleep(w.measure)
	}
	var v values
	if err == nil {
		v, err = before.end(s, echoed)
	}
	stop.Store(true)
	wg.Wait()
	select {
	case bad := <-errs:
		return nil, fmt.Errorf("%w%s", bad, s.said())
	default:
	}
	if v != nil && l.compress { // over the whole run, warming up included
		var messages, bytes int64
		for _, s := range streams {
			messages += s.messages.Load()
			bytes += s.bytes.Load()
		}
		v[wire] = float64(bytes) / float64(messages)
	}
	return v, err
}

var errNothing = errors.New("nothing came back")

// mark is the begin of a window.
type mark struct {
	server stats
	client int64
	count  float64
	at     time.Time
}

func begin(s *proc, count func() float64) (mark, error) {
	st, err := s.ask("begin")
	return mark{st, cpuTime(), count(), time.Now()}, err
}

// end returns what the window cost for each of what count counts.
func (m mark) end(s *proc, count func() float64) (values, error) {
	client := cpuTime()
	st, err := s.ask("end")
	if err != nil {
		return nil, err
	}
	now := float64(st.Count) // of a client process, which counts itself
	if count != nil {
		now = count()
	}
	n, took := now-m.count, time.Since(m.at).Seconds()
	if n <= 0 {
		return nil, errNothing
	}
	return values{
		cpu:    float64(st.CPU-m.server.CPU) / n,
		rate:   n / took,
		allocs: float64(st.Allocs-m.server.Allocs) / n,
		bytesV: float64(st.Bytes-m.server.Bytes) / n,
		loadNS: float64(client-m.client) / n,
	}, nil
}
