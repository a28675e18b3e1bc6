package nats

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"hawser/websocket/server"
)

// A reader has the subscriber get the messages of a subject in a stream, by one
// consumer after the other, each from where the one before ended.
type reader struct {
	b       *JetStream
	subject string
	f       func(server.Event)
	at      server.Position // of the latest that the subscriber got, or where it began
	stamp   time.Time       // when the stream got the message there; zero if that's unknown

	sure    uint64    // up to here the subscriber has all, for certain
	checked time.Time // when that was last compared with the stream
}

// What a consumer sends ahead, and how it shows that it's there.
const (
	ahead     = 4 << 20 // bytes
	heartbeat = 2 * time.Second
	inactive  = 30 * time.Second // then the engine forgets a consumer that nobody asks
)

// run goes on until ctx is done.
func (r *reader) run(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; failures++ {
		again := r.b.again.wait() // before anything is asked of this connection
		if r.read(ctx, again) {
			failures = 0
		}
		select {
		case <-again:
		default:
			pause(ctx, failures)
		}
	}
}

// read makes a consumer and reads until it fails, or there is another connection. It
// returns whether it worked for a while.
func (r *reader) read(ctx context.Context, again <-chan struct{}) (worked bool) {
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if !r.check(bounded, r.at.Offset) || !r.verify(bounded) {
		return false
	}
	c, err := r.b.js.CreateConsumer(bounded, r.b.name, jetstream.ConsumerConfig{
		FilterSubject: r.subject, DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: r.at.Offset + 1,
		AckPolicy: jetstream.AckNonePolicy, MemoryStorage: true, Replicas: 1, InactiveThreshold: inactive,
	})
	if err != nil {
		return false
	}
	defer r.forget(c.CachedInfo().Name)
	it, err := c.Messages(jetstream.PullMaxBytes(ahead), jetstream.PullHeartbeat(heartbeat), jetstream.PullExpiry(10*time.Second))
	if err != nil {
		return false
	}
	defer it.Stop()
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case <-ctx.Done():
		case <-again:
		case <-done:
		}
		it.Stop() // which ends Next
	}()
	for next := uint64(1); ; next++ {
		m, err := it.Next()
		if err != nil || ctx.Err() != nil {
			return worked
		}
		meta, err := m.Metadata()
		if err != nil || meta.Sequence.Consumer != next {
			return worked // one was lost on the way: read again from there
		}
		worked = true
		if !r.deliver(ctx, meta, m.Data()) {
			return worked
		}
	}
}

// forget tells the engine that nobody asks this consumer any more.
func (r *reader) forget(consumer string) {
	if !r.b.nc.IsConnected() {
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(r.b.ctx, timeout)
		defer cancel()
		r.b.js.DeleteConsumer(ctx, r.b.name, consumer)
	}()
}

// deliver hands a message on. While there are more to come, so that the reader is
// behind, it looks whether the stream loses what isn't read yet.
func (r *reader) deliver(ctx context.Context, meta *jetstream.MsgMetadata, data []byte) bool {
	offset := meta.Sequence.Stream
	switch {
	case meta.NumPending == 0:
		r.sure = offset
	case time.Since(r.checked) > time.Second:
		bounded, cancel := context.WithTimeout(ctx, timeout)
		ok := r.check(bounded, r.sure)
		cancel()
		if !ok {
			return false
		}
	}
	if offset <= r.at.Offset { // check has gone on from another place
		return false
	}
	r.at.Offset, r.stamp = offset, meta.Timestamp
	r.f(server.Event{Data: data, Position: r.at})
	return true
}

// check compares the stream with what the subscriber got. If something may be missing,
// or the stream is another one, it tells of a gap. It returns false if it can't know.
//
// Up to since, the stream is known to have had all when the subscriber got it. What it
// has lost lies before its first message: if that isn't behind since, all that the
// subscriber got since has come without a hole.
func (r *reader) check(ctx context.Context, since uint64) bool {
	s, err := r.b.stream(ctx)
	if err != nil {
		return false
	}
	info := s.CachedInfo()
	tail := end(info)
	switch {
	case r.at.Epoch != tail.Epoch, r.at.Offset > tail.Offset:
		r.at, r.stamp = tail, info.State.LastTime
		r.f(server.Event{Gap: true, Position: tail})
	case info.State.FirstSeq > since+1:
		if first := info.State.FirstSeq - 1; first > r.at.Offset {
			r.at.Offset, r.stamp = first, time.Time{}
		}
		r.f(server.Event{Gap: true, Position: r.at})
	}
	r.sure, r.checked = r.at.Offset, time.Now()
	return true
}

// verify looks whether the message at r.at is still the one that it was. A stream that
// has lost its latest messages gives their numbers to new ones, which the subscriber has
// not got: it's told of a gap, and goes on. verify returns false if it can't know.
func (r *reader) verify(ctx context.Context) bool {
	if r.stamp.IsZero() || r.at.Offset == 0 {
		return true
	}
	s, err := r.b.stream(ctx)
	if err != nil {
		return false
	}
	m, err := s.GetMsg(ctx, r.at.Offset)
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound): // it's too old, and check is content
		return true
	case err != nil:
		return false
	case m.Time.Equal(r.stamp):
		return true
	}
	r.stamp = m.Time
	r.f(server.Event{Gap: true, Position: r.at})
	return true
}
