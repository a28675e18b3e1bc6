// Sending, pings and pongs: those of the user, and the answers to those of the peer. It
// appends control frames to what is to be sent, under outbound.mu, and owns the list of
// pings that wait for their pongs.

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

// handleControl answers a control frame. It returns errEnded after a Close.
func (c *Conn) handleControl(op frame.Opcode, p []byte) error {
	switch op {
	case frame.Ping:
		c.answerPing(p)
	case frame.Pong:
		c.out.answered(string(p))
	case frame.Close:
		code, reason, err := frame.ParseClose(p)
		if err != nil {
			return err
		}
		if c.in.watch.stream && code == frame.CodeNormal && reason == halfClose && !c.closing() {
			c.in.control = peerHalfClosed
			return errHalfClosed
		}
		c.peerClosed(code, reason)
		return errEnded
	}
	return nil
}

// peerHalfClosed stands for the Close frame of a peer that goes on to read, which is
// to be answered when this side's stream ends. It's no opcode.
const peerHalfClosed frame.Opcode = 0xff

// closing reports whether this side has sent a Close frame, or can't any more.
func (c *Conn) closing() bool {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	return c.out.sent != 0 || c.out.broken
}

// A pong is for a ping that is answered later. outbound.mu guards it.
type pong struct {
	payload [frame.MaxControlPayload]byte
	size    int
}

// answerPing answers a ping with the payload p, now or together with what else is to be
// sent. The caller has the reading role.
func (c *Conn) answerPing(p []byte) {
	o := &c.out
	o.mu.Lock()
	defer c.unlockOut()
	if o.closeOut || o.broken {
		return // no frame follows a Close frame
	}
	if o.pend != nil && len(o.pend.p) > pongRoom {
		q := o.waitingLocked()
		if q.pong == nil {
			q.pong = new(pong)
		}
		q.pong.size = copy(q.pong.payload[:], p)
	} else {
		c.queueControlLocked(frame.Pong, p)
	}
	// What has arrived behind the ping may be another one, and is looked at before
	// the reader waits.
	o.setMore(c.hasMore())
	if !c.holdLocked() {
		c.flushAsyncLocked()
	}
}

// queuePongLocked makes the pong pending that waits, if there's one. It's called with
// o.mu held.
func (c *Conn) queuePongLocked() {
	if p := c.out.pongLocked(); p != nil {
		c.out.queue.pong = nil
		c.queueControlLocked(frame.Pong, p.payload[:p.size])
	}
}

// queueControlLocked makes a control frame pending, unless the Close frame went before
// it. It's called with o.mu held.
func (c *Conn) queueControlLocked(op frame.Opcode, p []byte) {
	if !c.out.closeOut {
		c.queueLocked(frame.Header{Fin: true, Opcode: op}, p)
	}
}

// A pendingPing is a call of Ping that waits for its pong. outbound.mu guards it.
type pendingPing struct {
	payload string
	pong    chan struct{} // closed by the pong or the end of the connection
	ok      bool          // the pong has come
	over    bool          // the connection has ended
	next    *pendingPing
}

// Ping sends a ping and returns the time until its pong arrived (RFC 6455
// sections 5.5.2 and 5.5.3). Somebody must be reading from the connection
// meanwhile. payload is at most [frame.MaxControlPayload] bytes; nil stands for
// one that no other ping has, of letters and digits.
func (c *Conn) Ping(ctx context.Context, payload []byte) (time.Duration, error) {
	if len(payload) > frame.MaxControlPayload {
		return 0, fmt.Errorf("websocket: ping: payload of %d bytes, %d are allowed", len(payload), frame.MaxControlPayload)
	}
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("websocket: ping: %w", err)
	}
	ping, err := c.sendPing(ctx, payload)
	if err != nil {
		return 0, err
	}
	start := time.Now()
	select {
	case <-ping.pong:
	case <-c.doneOf(ctx):
	}
	rtt := time.Since(start)
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	switch {
	case ping.ok:
		return rtt, nil
	case ping.over:
		return 0, c.refusalLocked()
	}
	c.out.forgetPingLocked(ping)
	return 0, fmt.Errorf("websocket: ping: %w", ctx.Err())
}

// Pong sends a pong that answers no ping, as a sign of life that asks for no
// answer (RFC 6455 section 5.5.3). Pings are answered without it. payload is at
// most [frame.MaxControlPayload] bytes.
func (c *Conn) Pong(ctx context.Context, payload []byte) error {
	if len(payload) > frame.MaxControlPayload {
		return fmt.Errorf("websocket: pong: payload of %d bytes, %d are allowed", len(payload), frame.MaxControlPayload)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("websocket: pong: %w", err)
	}
	o := &c.out
	o.mu.Lock()
	defer c.unlockOut()
	if o.closed != nil {
		return c.refusalLocked()
	}
	if err := c.appendFrameLocked(&frame.Header{Fin: true, Opcode: frame.Pong}, payload); err != nil {
		return err
	}
	return c.flushLocked(ctx)
}

// sendPing has a ping sent, and returns what its pong is to be waited for with.
func (c *Conn) sendPing(ctx context.Context, payload []byte) (*pendingPing, error) {
	o := &c.out
	o.mu.Lock()
	defer c.unlockOut()
	if o.closed != nil {
		return nil, c.refusalLocked()
	}
	if payload == nil {
		payload = []byte(strconv.FormatUint(rand.Uint64(), 36)) // some peers take it for text
	}
	if err := c.appendFrameLocked(&frame.Header{Fin: true, Opcode: frame.Ping}, payload); err != nil {
		return nil, err
	}
	ping := &pendingPing{payload: string(payload), pong: make(chan struct{})}
	last := &o.pings
	for *last != nil {
		last = &(*last).next
	}
	*last = ping
	c.flushAsyncLocked() // if ctx ends, only the waiting does
	return ping, nil
}

// answered is called for each pong. A peer may answer only the latest of
// several pings, so a pong is also for all pings before its own.
func (o *outbound) answered(payload string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for p := o.pings; p != nil; p = p.next {
		if p.payload != payload {
			continue
		}
		for ; o.pings != p.next; o.pings = o.pings.next {
			o.pings.ok = true
			close(o.pings.pong)
		}
		return
	}
}

// forgetPingLocked takes ping off the list of those that wait. It's called with o.mu
// held.
func (o *outbound) forgetPingLocked(ping *pendingPing) {
	for at := &o.pings; *at != nil; at = &(*at).next {
		if *at == ping {
			*at = ping.next
			return
		}
	}
}

// failPingsLocked ends all calls of Ping, as no pong comes any more. It's called with
// o.mu held.
func (o *outbound) failPingsLocked() {
	for ; o.pings != nil; o.pings = o.pings.next {
		o.pings.over = true
		close(o.pings.pong)
	}
}
