package main

import "time"

// settle waits, with all sent, for what is still to come back. Some servers
// forget what they have not yet answered once they see a Close frame, so ours
// must not come before the answers. Nothing says which is the last one; so it
// waits for a silence. That may be short once as many messages came as were sent,
// and then it's not waited for without end, as a server that sends by itself may
// never be silent. While standard output is slow there is no silence.
func (t *talk) settle() {
	switch {
	case t.o.wait == 0:
		return
	case t.o.wait == forever:
		select {
		case <-t.ended:
		case <-t.ctx.Done():
		}
		return
	}
	const steps = 40 // of a silence
	tick := time.NewTicker(max(1, t.o.wait/steps))
	defer tick.Stop()
	last := t.received.Load()
	for quiet, extra := 0, 0; extra < 5*steps; {
		select {
		case <-tick.C:
		case <-t.ended:
			return
		case <-t.ctx.Done():
			return
		}
		received, sent := t.received.Load(), t.sent.Load()
		switch {
		case t.showing.Load() > 0:
			quiet = 0
			continue
		case received != last:
			quiet, last = 0, received
		default:
			quiet++
		}
		enough := received >= sent
		if enough {
			extra++
		}
		if quiet == steps || enough && quiet >= steps/10 {
			if received == 0 && sent > 0 {
				t.s.status("no answer came in %v; -wait sets how long to wait", t.o.wait)
			}
			return
		}
	}
}
