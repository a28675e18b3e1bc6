package redis

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"hawser/websocket/server"
)

// A reader has the subscriber get the messages of a stream: those that arrive on the
// channel as long as each follows the one before, and those of the history otherwise.
type reader struct {
	b    *Streams
	keys []string
	s    *subscription
	f    func(server.Event)
	at   server.Position // of the latest that the subscriber got
	page int64           // how many entries to ask for
}

// run goes on until ctx is done.
func (r *reader) run(ctx context.Context, behind bool) {
	ctx, stop := r.b.hub.until(ctx)
	defer stop()
	defer r.b.hub.unsubscribe(r.s)
	defer r.tick()()
	if behind && !r.catchUp(ctx) {
		return
	}
	for {
		n, lost, ok := r.s.box.Next(ctx)
		switch {
		case !ok:
			return
		case n.tick && r.current(ctx), !lost && !n.again && !n.tick && r.deliver(n.payload):
			continue
		}
		if !r.catchUp(ctx) {
			return
		}
	}
}

// tick has the reader look now and then whether it has all: between the nodes of a
// cluster a message may get lost without the channel being cut. It also keeps a topic
// that has subscribers from expiring while nothing is published.
func (r *reader) tick() (stop func() bool) {
	every := min(r.b.look, r.b.maxAge/3)
	var t *time.Timer
	t = time.AfterFunc(time.Hour, func() { // by then, t is set
		r.s.box.Put(notice{tick: true}, 0)
		t.Reset(every)
	})
	t.Reset(every)
	return t.Stop
}

// current reports whether the subscriber has all, as far as can be known now.
func (r *reader) current(ctx context.Context) bool {
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	p, err := r.b.stand(bounded, r.keys)
	return err != nil || p == r.at
}

// deliver hands a message of the channel on, unless the subscriber has it. It returns
// false if it isn't the next one.
func (r *reader) deliver(payload string) bool {
	epoch, rest, ok1 := strings.Cut(payload, " ")
	next, rest, ok2 := strings.Cut(rest, " ")
	prev, data, ok3 := strings.Cut(rest, " ")
	offset, err1 := strconv.ParseUint(next, 10, 64)
	after, err2 := strconv.ParseUint(prev, 10, 64)
	if !ok1 || !ok2 || !ok3 || err1 != nil || err2 != nil {
		return false
	}
	if offset <= r.at.Offset { // as times, offsets of another epoch compare too
		return true
	}
	if epoch != r.at.Epoch { // the history was deleted or has expired
		r.gap(server.Position{Epoch: epoch, Offset: after})
	}
	if after != r.at.Offset {
		return false
	}
	r.at.Offset = offset
	r.f(server.Event{Data: []byte(data), Position: r.at})
	return true
}

// catchUp reads the history to its end. It tries again while the engine can't be
// reached, and returns false when ctx is done.
func (r *reader) catchUp(ctx context.Context) bool {
	for failures := 0; ctx.Err() == nil; failures++ {
		more, err := r.read(ctx)
		switch {
		case err != nil:
			pause(ctx, failures)
		case more:
			failures = -1
		default:
			return true
		}
	}
	return false
}

// How much of the history is asked for at a time: as many entries as make about so
// many bytes.
const (
	minPage   = 8
	maxPage   = 1024
	pageBytes = 256 << 10
)

// read reads a page of the history, together with where it is, and returns whether
// there may be more.
func (r *reader) read(ctx context.Context) (more bool, err error) {
	r.page = max(r.page, minPage)
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var where *goredis.SliceCmd
	var page *goredis.XMessageSliceCmd
	_, err = r.b.client.TxPipelined(bounded, func(p goredis.Pipeliner) error {
		where = p.HMGet(bounded, r.keys[0], "epoch", "offset")
		page = p.XRangeN(bounded, r.keys[1], "("+strconv.FormatUint(r.at.Offset, 10)+"-0", "+", r.page)
		return nil
	})
	if err != nil {
		return false, err
	}
	epoch, _ := where.Val()[0].(string)
	text, _ := where.Val()[1].(string)
	if epoch == "" || text == "" { // expired, or deleted
		if _, err := r.b.stand(bounded, r.keys); err != nil {
			return false, err
		}
		return true, nil // what comes back is another epoch
	}
	tail, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return false, err
	}
	if epoch != r.at.Epoch || tail < r.at.Offset { // another one, or an older state of it
		r.gap(server.Position{Epoch: epoch, Offset: tail})
		return false, nil
	}
	bytes := 0
	for _, m := range page.Val() {
		n, err := r.entry(m)
		if err != nil {
			return false, err
		}
		bytes += n
	}
	if len(page.Val()) == 0 {
		if tail != r.at.Offset { // its entries are gone
			r.gap(server.Position{Epoch: epoch, Offset: tail})
		}
		return false, nil
	}
	switch {
	case bytes < pageBytes/2:
		r.page = min(r.page*2, maxPage)
	case bytes > pageBytes:
		r.page = max(r.page/2, minPage)
	}
	return true, nil
}

// entry hands on an entry of the stream, and a gap before it if it doesn't follow the
// one before.
func (r *reader) entry(m goredis.XMessage) (bytes int, err error) {
	id, _, _ := strings.Cut(m.ID, "-")
	offset, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return 0, err
	}
	after, ok1 := m.Values["after"].(string)
	data, ok2 := m.Values["data"].(string)
	if !ok1 || !ok2 {
		return 0, errors.New("redis: an entry of the stream has other fields")
	}
	prev, err := strconv.ParseUint(after, 10, 64)
	if err != nil {
		return 0, err
	}
	if prev != r.at.Offset {
		r.gap(server.Position{Epoch: r.at.Epoch, Offset: prev})
	}
	r.at.Offset = offset
	r.f(server.Event{Data: []byte(data), Position: r.at})
	return len(data), nil
}

// gap tells of one, behind which the subscriber goes on at p.
func (r *reader) gap(p server.Position) {
	r.at = p
	r.f(server.Event{Gap: true, Position: p})
}
