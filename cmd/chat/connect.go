package main

import (
	"math/rand/v2"
	"time"

	"hawser/websocket/client"
)

// connect talks with the server, and again on a new connection as often as it
// should. It returns the exit code.
func (t *talk) connect(d *client.Dialer) int {
	ctx := t.ctx
	if t.o.verbose {
		ctx = t.s.traceDial(ctx, d)
	}
	if t.s.inTerminal {
		t.s.spawn(t.readTerminal)
	}
	var wait backoff
	for {
		c, resp, err := d.Dial(ctx, t.o.url)
		var code int
		var retry bool
		if t.o.verbose && resp != nil {
			t.s.showResponse(resp)
		}
		if err != nil {
			code, retry = t.s.notConnected(err)
		} else {
			p := t.join(c, func(*peer) { t.s.status("socket open") })
			t.receive(p)
			code, retry = t.s.closed(c.Err())
			t.leave(p)
			if time.Since(p.since) > maxDelay {
				wait = 0
			}
		}
		switch redial := t.redial.Swap(false); {
		case t.leaving.Load(), t.ctx.Err() != nil:
			return t.verdict(code)
		case redial:
			continue
		case !t.o.reconnect || !retry:
			return t.verdict(code)
		}
		delay := wait.next()
		t.s.status("connecting again in %v", delay.Round(time.Millisecond))
		select {
		case <-time.After(delay):
		case <-t.hurry:
		case <-t.ctx.Done():
			return t.verdict(code)
		}
	}
}

// backoff is how long to wait before the next attempt: a random time, so that
// all the clients of a server that was restarted don't come back together, of
// which the bound doubles each time.
type backoff time.Duration

const (
	firstDelay = 500 * time.Millisecond
	maxDelay   = 30 * time.Second
)

func (b *backoff) next() time.Duration {
	bound := min(max(2*time.Duration(*b), firstDelay), maxDelay)
	*b = backoff(bound)
	if bound == firstDelay {
		return rand.N(bound)
	}
	return bound/2 + rand.N(bound/2)
}
