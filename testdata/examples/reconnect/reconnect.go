// Package reconnect is a client of a feed that comes back by itself: after growing
// delays, and where it was.
package reconnect

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"hawser/websocket"
	"hawser/websocket/client"
)

// Event is what the server sends: a position, which grows by one, and a text.
type Event struct {
	Position int64
	Text     string
}

// Feed follows the feed at a URL.
type Feed struct {
	URL    string
	Dialer client.Dialer
	// First and Longest are the shortest and the longest delay before the next try.
	First, Longest time.Duration

	last int64 // the position seen last
}

// Follow calls f for each event, in order and once, until ctx is done or the server
// refuses for good.
func (f *Feed) Follow(ctx context.Context, each func(Event)) error {
	delay := f.First
	for {
		before := f.last
		wait, err := f.once(ctx, each)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil && wait < 0 {
			return err
		}
		if f.last > before {
			delay = f.First // it worked for a while
		}
		// By chance up to the delay, so that the clients of a server that was
		// restarted don't all come at once (RFC 6455 section 7.2.3).
		pause := max(wait, delay/2+rand.N(delay/2+1))
		delay = min(2*delay, f.Longest)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// once follows one connection to its end. wait is the shortest time until the next
// try that the server asks for, negative if there is to be none.
func (f *Feed) once(ctx context.Context, each func(Event)) (wait time.Duration, err error) {
	c, resp, err := f.Dialer.Dial(ctx, fmt.Sprintf("%s?after=%d", f.URL, f.last))
	if err != nil {
		return retry(resp), err
	}
	defer c.CloseNow()
	for {
		var e Event
		if err := websocket.ReadJSON(ctx, c, &e); err != nil {
			var end *websocket.CloseError
			if errors.As(err, &end) && end.Code == websocket.CodePolicyViolation {
				return -1, err // coming back would not help
			}
			return 0, err
		}
		if e.Position > f.last { // else it was seen on the connection before
			f.last = e.Position
			each(e)
		}
	}
}

// retry returns when to try again after a response that refuses.
func retry(resp *http.Response) time.Duration {
	switch {
	case resp == nil: // no answer at all
		return 0
	case resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= 500:
		seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		return time.Duration(seconds) * time.Second
	}
	return -1
}
