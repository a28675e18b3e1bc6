package main

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"sync/atomic"
	"time"

	"hawser/websocket/client"
)

// connect talks with the server, and again on a new connection as often as it
// should. It returns the exit code.
func (t *talk) connect(d *client.Dialer) int {
	var tried atomic.Bool // to look up a name or to connect
	ctx := httptrace.WithClientTrace(t.ctx, &httptrace.ClientTrace{
		DNSStart:     func(httptrace.DNSStartInfo) { tried.Store(true) },
		ConnectStart: func(_, _ string) { tried.Store(true) },
	})
	d.Config = t.config()
	if t.o.verbose {
		ctx = t.s.traceDial(ctx, d)
	}
	if t.s.inTerminal {
		t.s.spawn(t.readTerminal)
	}
	var wait backoff
	for {
		code, retry, after := t.once(ctx, d, &tried, &wait)
		switch redial := t.redial.Swap(false); {
		case t.leaving.Load(), t.ctx.Err() != nil:
			return t.verdict(code)
		case redial:
			continue
		case !t.o.reconnect || !retry:
			return t.verdict(code)
		}
		delay := max(wait.next(), after)
		t.s.status("connecting again in %v", delay.Round(time.Millisecond))
		select {
		case <-time.After(delay):
		case <-t.hurry:
		case <-t.ctx.Done():
			return t.verdict(code)
		}
	}
}

// once connects and talks until the connection is over. It returns the exit code,
// whether another connection is worth trying, and how long the server said to wait
// before it.
func (t *talk) once(ctx context.Context, d *client.Dialer, tried *atomic.Bool, wait *backoff) (code int, retry bool, after time.Duration) {
	tried.Store(false)
	c, resp, err := d.Dial(ctx, t.o.url)
	if t.o.verbose && resp != nil {
		t.s.showResponse(resp)
	}
	if err != nil {
		if resp != nil {
			after = retryAfter(resp.Header, time.Now())
		}
		code, retry = t.s.notConnected(err, tried.Load())
		return code, retry, after
	}
	p := t.join(c, func(*peer) { t.s.status("socket open") })
	t.receive(p)
	code, retry = t.s.closed(c.Err())
	t.leave(p)
	if time.Since(p.since) > maxDelay {
		*wait = 0
	}
	return code, retry, 0
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

// maxRetryAfter is the longest time that a server can keep us away for.
const maxRetryAfter = 24 * time.Hour

// retryAfter returns how long the header Retry-After asks to wait, as a number of
// seconds or as a time (RFC 9110 section 10.2.3).
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := h.Get("Retry-After")
	var d time.Duration
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		d = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		d = at.Sub(now)
	}
	return min(max(0, d), maxRetryAfter)
}
