package main

import (
	"sync"
	"sync/atomic"
	"time"
)

// stream keeps messages in flight on one connection: it writes all that may be
// out, and after each read as many as have come back, in one write, as a client
// that pipelines does. If more is in flight than the sockets are sure to hold,
// another goroutine writes, as else both ends could wait in Write.
type stream struct {
	*client
	t        *traffic
	inFlight int
	at       int // of the cycle: the next message

	messages, bytes atomic.Int64 // echoed; written by one goroutine only
	_               [64]byte     // away from the next stream's
}

const safeInSockets = 80 << 10

// run echoes until stop is set and all that was sent is back.
func (s *stream) run(stop *atomic.Bool) error {
	p := parser{want: s.t.want, collect: s.t.check}
	send := s.send
	if len(s.t.batch(0, s.inFlight)) > safeInSockets {
		more := make(chan int, s.inFlight)
		var wg sync.WaitGroup
		wg.Go(func() {
			for n := range more {
				if s.send(n) != nil {
					s.nc.Close() // wakes the reader
				}
			}
		})
		defer wg.Wait()
		defer close(more)
		send = func(n int) error { more <- n; return nil }
	}
	buf := make([]byte, min(max(4<<10, s.inFlight*(s.t.size+16)), 128<<10))
	out := s.inFlight
	if err := send(s.inFlight); err != nil {
		return err
	}
	for out > 0 {
		n, err := s.nc.Read(buf)
		if err != nil {
			return err
		}
		messages, bytes, err := p.feed(buf[:n])
		if err != nil {
			return err
		}
		s.bytes.Store(s.bytes.Load() + int64(bytes))
		if messages == 0 {
			continue
		}
		s.messages.Store(s.messages.Load() + int64(messages))
		out -= messages
		if !stop.Load() {
			if err := send(messages); err != nil {
				return err
			}
			out += messages
		}
	}
	return nil
}

// send writes n messages at once. Over TLS each is a record and a write of its own, as
// clients send them: one record with many messages would be a plain socket to the server.
func (s *stream) send(n int) error {
	if s.overTLS && n > 1 {
		for range n {
			if err := s.send(1); err != nil {
				return err
			}
		}
		return nil
	}
	b := s.t.batch(s.at, n)
	s.at = (s.at + n) % s.t.cycle
	_, err := s.nc.Write(b)
	return err
}

// deadline lets everything that hangs fail.
func deadline(all []*client, d time.Duration) {
	for _, c := range all {
		c.nc.SetDeadline(time.Now().Add(d))
	}
}
