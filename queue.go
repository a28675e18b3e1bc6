// Sending, what waits for its turn: calls, messages of Post, a pong, the pings that wait
// for theirs. A queue has no lock of its own and knows nothing of the rest of the sending
// half, which output.go has.

package websocket

import (
	"slices"

	"hawser/websocket/frame"
)

// A queue is the part of output that most connections never need, so it's made when it
// is first needed. output.mu guards it. Methods that only look may be called on nil.
type queue struct {
	waiters []*waiter      // the calls that wait to begin a message, in order
	changed chan struct{}  // closed when a flush or a message ends; nil if nobody waits for that
	posted  []*wire        // the messages of Post, in order
	begun   []byte         // what is left of the first of posted, if some of it has gone out
	bytes   int            // what posted holds, for Config.MaxQueue
	pong    *pong          // the answer to the latest ping that couldn't be answered at once; nil if there's none
	pings   []*pendingPing // the calls of Ping that wait for their pongs, in the order they were sent
	traced  []frame.Header // the frames that Trace.FrameSent is still to be told of
}

// A waiter is a call that waits to begin a message. output.mu guards it.
type waiter struct {
	ready   chan struct{} // closed when the call may begin, or never will
	granted bool          // it may begin: output.busy is set on its behalf
}

// A pong is for a ping that is answered later. output.mu guards it.
type pong struct {
	payload [frame.MaxControlPayload]byte
	size    int
}

// A pendingPing is a call of Ping that waits for its pong. output.mu guards it.
type pendingPing struct {
	payload string
	pong    chan struct{} // closed by the pong or the end of the connection
	ok      bool          // the pong has come
	over    bool          // the connection has ended
}

func (q *queue) hasWaiters() bool { return q != nil && len(q.waiters) > 0 }
func (q *queue) hasPosted() bool  { return q != nil && len(q.posted) > 0 }
func (q *queue) hasPong() bool    { return q != nil && q.pong != nil }
func (q *queue) hasTraced() bool  { return q != nil && len(q.traced) > 0 }

// wait adds a call that waits to begin a message.
func (q *queue) wait() *waiter {
	w := &waiter{ready: make(chan struct{})}
	q.waiters = append(q.waiters, w)
	return w
}

// grant lets the first call that waits begin its message.
func (q *queue) grant() {
	w := q.waiters[0]
	q.waiters = q.waiters[1:]
	w.granted = true
	close(w.ready)
}

// leave takes w off the calls that wait.
func (q *queue) leave(w *waiter) {
	q.waiters = slices.DeleteFunc(q.waiters, func(other *waiter) bool { return other == w })
}

// wake ends the waiting of all calls, as none may begin any more.
func (q *queue) wake() {
	for _, w := range q.waiters {
		close(w.ready)
	}
	q.waiters = nil
}

// change returns a channel that is closed when a flush or a message ends.
func (q *queue) change() <-chan struct{} {
	if q.changed == nil {
		q.changed = make(chan struct{})
	}
	return q.changed
}

// signal wakes the calls that wait for the end of a flush or of a message.
func (q *queue) signal() {
	if q.changed != nil {
		close(q.changed)
		q.changed = nil
	}
}

// post puts w behind the messages that wait.
func (q *queue) post(w *wire) {
	q.posted = append(q.posted, w)
	q.bytes += w.held()
}

// next removes the first message of Post, which has been made pending.
func (q *queue) next() {
	q.bytes -= q.posted[0].held()
	q.posted[0] = nil
	if q.posted = q.posted[1:]; len(q.posted) == 0 {
		q.posted = nil
	}
}

// drop forgets what was posted.
func (q *queue) drop() { q.posted, q.begun, q.bytes = nil, nil, 0 }

// answerLater remembers the ping with the payload p instead of an earlier one.
func (q *queue) answerLater(p []byte) {
	if q.pong == nil {
		q.pong = new(pong)
	}
	q.pong.size = copy(q.pong.payload[:], p)
}

// answered is for each pong that comes. A peer may answer only the latest of several
// pings, so a pong is also for all pings before its own (RFC 6455 section 5.5.3).
func (q *queue) answered(payload string) {
	at := slices.IndexFunc(q.pings, func(p *pendingPing) bool { return p.payload == payload })
	for _, p := range q.pings[:at+1] {
		p.ok = true
		close(p.pong)
	}
	q.pings = slices.Delete(q.pings, 0, at+1)
}

// forget takes ping off those that wait for their pongs.
func (q *queue) forget(ping *pendingPing) {
	q.pings = slices.DeleteFunc(q.pings, func(p *pendingPing) bool { return p == ping })
}

// failPings ends all calls of Ping, as no pong comes any more.
func (q *queue) failPings() {
	for _, p := range q.pings {
		p.over = true
		close(p.pong)
	}
	q.pings = nil
}
