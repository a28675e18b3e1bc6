// Sending, pings and pongs: those of the user, of the keepalive, and the answers to those
// of the peer.

package websocket

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"hawser/websocket/frame"
)

// pongRoom is how many bytes may be pending for a pong to be queued behind
// them. When the peer takes nothing, only the latest ping is remembered, which
// is the only one that must be answered (RFC 6455 section 5.5.3).
const pongRoom = 4 << 10

// answerPing answers a ping with the payload p, now or together with what else is to be
// sent. More says that something has arrived behind the ping, which may be another one,
// and is looked at before the reader waits. The caller has the reading role.
func (o *outbound) answerPing(p []byte, more bool) {
	o.mu.Lock()
	defer o.unlock()
	if o.closeOut || o.broken {
		return // no frame follows a Close frame
	}
	if o.pend.size() > pongRoom {
		o.waitingLocked().answerLater(p)
	} else {
		o.queueControlLocked(frame.Pong, p)
	}
	o.setMore(more)
	if !o.holdLocked() {
		o.flushAsyncLocked()
	}
}

// answered is called for each pong that comes.
func (o *outbound) answered(payload string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.queue != nil {
		o.queue.answered(payload)
	}
}

// keepalive sends a ping that nobody waits for.
func (o *outbound) keepalive() {
	o.mu.Lock()
	defer o.unlock()
	if o.closed == nil {
		o.queueControlLocked(frame.Ping, nil)
		o.flushAsyncLocked()
	}
}

// ping is [Conn.Ping].
func (o *outbound) ping(ctx context.Context, payload []byte) (time.Duration, error) {
	if payload == nil {
		payload = []byte(strconv.FormatUint(rand.Uint64(), 36)) // some peers take it for text
	}
	ping, err := o.sendPing(payload)
	if err != nil {
		return 0, err
	}
	start := time.Now()
	select {
	case <-ping.pong:
	case <-o.owner.beside(ctx).Done():
	}
	rtt := time.Since(start)
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case ping.ok:
		return rtt, nil
	case ping.over:
		return 0, o.closed
	}
	o.queue.forget(ping)
	return 0, fmt.Errorf("websocket: ping: %w", ctx.Err())
}

// sendPing has a ping sent, and returns what its pong is to be waited for with. It waits
// for nothing: if the context of the caller ends, only the waiting for the pong does.
func (o *outbound) sendPing(payload []byte) (*pendingPing, error) {
	o.mu.Lock()
	defer o.unlock()
	if o.closed != nil {
		return nil, o.closed
	}
	if err := o.appendFrameLocked(&frame.Header{Fin: true, Opcode: frame.Ping}, payload); err != nil {
		return nil, err
	}
	ping := &pendingPing{payload: string(payload), pong: make(chan struct{})}
	q := o.waitingLocked()
	q.pings = append(q.pings, ping)
	o.flushAsyncLocked()
	return ping, nil
}

// sendPong is [Conn.Pong].
func (o *outbound) sendPong(ctx context.Context, payload []byte) error {
	o.mu.Lock()
	defer o.unlock()
	if o.closed != nil {
		return o.closed
	}
	if err := o.appendFrameLocked(&frame.Header{Fin: true, Opcode: frame.Pong}, payload); err != nil {
		return err
	}
	return o.flushLocked(ctx)
}
