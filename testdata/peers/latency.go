package main

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// runLatency sends at a fixed rate, whether echoes come or not, and times each
// from just before its write to the read that ends its echo. One goroutine
// sends for all connections in turn, so that a slow server can't slow the
// sending of others; what it's late by itself is not counted.
func runLatency(l load, s *proc, w window) (values, error) {
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

	total := int(float64(l.rate) * (w.warm + w.measure).Seconds())
	each := total/len(all) + 1
	sent := make([][]atomic.Int64, len(all)) // when each message went out, since start
	start := time.Now()
	took := make([][]int64, len(all))
	errs := make(chan error, 2*len(all))
	var arrived atomic.Int64
	var wg sync.WaitGroup
	for i, c := range all {
		sent[i] = make([]atomic.Int64, each)
		wg.Go(func() {
			p := parser{want: t.want, collect: t.check}
			buf := make([]byte, 4<<10)
			for n := 0; n < each; {
				k, err := c.nc.Read(buf)
				now := int64(time.Since(start))
				if err == nil {
					k, _, err = p.feed(buf[:k])
				}
				if err != nil {
					errs <- err
					return
				}
				for range k {
					took[i] = append(took[i], now-sent[i][n].Load())
					n++
				}
				arrived.Add(int64(k))
			}
		})
	}

	count := func() float64 { return float64(arrived.Load()) }
	var before mark
	skip := -1 // so many of each connection are from before the window
	for n := 0; n < each*len(all); n++ {
		due := time.Duration(float64(n) / float64(l.rate) * float64(time.Second))
		if skip < 0 && due >= w.warm {
			skip = n / len(all)
			if before, err = begin(s, count); err != nil {
				return nil, err
			}
		}
		if wait := due - time.Since(start); wait > 0 {
			time.Sleep(wait)
		}
		c := n % len(all)
		sent[c][n/len(all)].Store(int64(time.Since(start)))
		if _, err := all[c].nc.Write(t.batch(0, 1)); err != nil {
			return nil, fmt.Errorf("%w%s", err, s.said())
		}
	}
	v, err := before.end(s, count)
	wg.Wait()
	if err != nil {
		return nil, err
	}
	select {
	case err := <-errs:
		return nil, fmt.Errorf("%w%s", err, s.said())
	default:
	}
	var measured []int64
	for _, t := range took {
		measured = append(measured, t[min(max(skip, 0), len(t)):]...)
	}
	if len(measured) == 0 {
		return nil, errNothing
	}
	slices.Sort(measured)
	v[p50] = float64(measured[len(measured)*50/100])
	v[p99] = float64(measured[len(measured)*99/100])
	return v, nil
}
