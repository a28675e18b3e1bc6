// Sending, the way to the transport: it takes what outbound has accepted and writes it,
// at once, in a goroutine, or while the caller waits. Whoever has set outbound.flushing
// is the only one who writes. It makes no frames, but for those of queued messages when
// their turn comes.

package websocket

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"hawser/websocket/frame"
)

// maxRounds is how often one caller writes what others have accepted meanwhile,
// before it leaves that to a goroutine.
const maxRounds = 16

// A batch is what is being written: frames of our own, and behind them the rest of
// the last one's payload, by reference.
type batch struct {
	own *chunk // may be nil
	ref []byte
}

func (b batch) frames() []byte {
	if b.own == nil {
		return nil
	}
	return b.own.p
}

func (b batch) size() int { return len(b.frames()) + len(b.ref) }

// takeLocked moves what is to be written next out of o, and reports whether there is
// anything. It's called with o.mu held.
func (c *Conn) takeLocked() (b batch, ok bool) {
	o := &c.out
	c.queuePongLocked()
	for o.hasPostedLocked() && !o.busy && b.ref == nil && (o.pend == nil || len(o.pend.p) < chunkMax) {
		b.ref = c.takePostedLocked()
	}
	if b.own = o.takePendLocked(); b.own != nil {
		o.last = int32(len(b.own.p))
	}
	return b, b.own != nil
}

// takePostedLocked makes the next message of Post pending, or the next frame of it.
// What it returns is the end of that frame's payload, which is to be sent right behind.
// It's called with o.mu held, and while nobody has the turn to write.
func (c *Conn) takePostedLocked() (ref []byte) {
	o := &c.out
	q := o.queue
	w := q.posted[0]
	p := w.payload()
	h := w.header()
	if q.begun != nil {
		p, h.Opcode, h.Rsv = q.begun, frame.Continuation, 0
	} else {
		c.sends(w)
	}
	q.begun = nil
	var err error
	if len(p) > copyMax {
		ref, q.begun, err = c.appendLongLocked(&h, p, w.isText(), true)
	} else {
		h.Fin = true
		err = c.appendFrameLocked(&h, p)
	}
	if err != nil {
		c.breakWriteLocked(err)
		return nil
	}
	if q.begun != nil {
		return ref
	}
	q.posted[0] = nil
	if q.posted = q.posted[1:]; len(q.posted) == 0 {
		q.posted = nil
		o.closeOut = o.closeOut || o.sent != 0 // nothing is posted behind the Close frame
	}
	q.bytes -= w.held()
	return ref
}

// submitLocked has what is pending be written, now or soon. It's called with o.mu held,
// and may give it up meanwhile.
func (c *Conn) submitLocked(ctx context.Context) error {
	if c.holdLocked() {
		return nil
	}
	return c.flushLocked(ctx)
}

// flushLocked writes what is pending, unless somebody is already doing that. It's
// called with o.mu held, and gives it up while it writes.
func (c *Conn) flushLocked(ctx context.Context) error {
	o := &c.out
	c.tellTraceLocked()
	if o.flushing || o.broken {
		return nil
	}
	b, ok := c.takeLocked()
	if !ok {
		return nil
	}
	o.flushing = true
	o.mu.Unlock()
	err := c.send(ctx, b)
	o.mu.Lock()
	c.endFlushLocked(b, err)
	if err != nil {
		return c.writeErrorLocked(ctx, err)
	}
	c.flushAsyncLocked() // what others have accepted meanwhile is not to hold up this caller
	return nil
}

// flushAsyncLocked is flushLocked for those who must not wait for the peer: the reader
// and timers. What the peer doesn't take at once is left to a goroutine, which ends
// when nothing is pending. It's called with o.mu held, and gives it up while it writes.
func (c *Conn) flushAsyncLocked() {
	o := &c.out
	c.tellTraceLocked()
	for round := 0; !o.flushing && !o.broken; round++ {
		b, ok := c.takeLocked()
		if !ok {
			return
		}
		o.flushing = true
		if !c.sock.ok() || round == maxRounds {
			go c.flushRest(b, 0)
			return
		}
		o.mu.Unlock()
		n, err := c.tryWrite(b.frames(), b.ref)
		o.mu.Lock()
		if err == nil && n < b.size() {
			go c.flushRest(b, n)
			return
		}
		c.endFlushLocked(b, err)
	}
}

// flushSoonLocked leaves it all to a goroutine, for who has many connections to write
// to. Until it runs, more can become pending, which goes out together. It's called with
// o.mu held.
func (c *Conn) flushSoonLocked() {
	o := &c.out
	if !o.flushing && !o.broken {
		o.flushing = true
		go c.flushRest(batch{}, 0)
	}
}

// flushRest writes what is left of b after n bytes, and all that is pending. It's the
// goroutine of whoever has set o.flushing, and is called without o.mu.
func (c *Conn) flushRest(b batch, n int) {
	o := &c.out
	for {
		var err error
		switch {
		case b.size() == n:
		case n == 0:
			err = c.send(context.Background(), b)
		default:
			err = c.sendRest(context.Background(), b, n)
		}
		o.mu.Lock()
		c.endFlushLocked(b, err)
		ok := false
		if !o.broken {
			b, ok = c.takeLocked()
		}
		o.flushing = ok
		c.unlockOut()
		if !ok {
			return
		}
		n = 0
	}
}

// grace is how long flushNow waits for a transport that can't tell whether a write
// has to wait.
const grace = 10 * time.Millisecond

// flushNow sends what can be sent without waiting, and reports whether that is all,
// or nothing can be sent any more.
func (c *Conn) flushNow() bool {
	o := &c.out
	o.mu.Lock()
	defer c.unlockOut()
	c.flushAsyncLocked()
	if o.flushing && !c.sock.ok() {
		ctx, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		for o.flushing && !o.broken && c.waitChangeLocked(ctx) == nil {
		}
	}
	return o.broken || o.emptyLocked()
}

// flushAll waits until all that was accepted has been sent, or nothing can be sent
// any more. Messages of Post may have to wait until another one ends.
func (c *Conn) flushAll() {
	o := &c.out
	o.mu.Lock()
	defer c.unlockOut()
	for !o.broken && !o.emptyLocked() {
		if o.flushing || o.pend == nil && o.pongLocked() == nil && o.busy {
			c.waitChangeLocked(context.Background())
		} else {
			c.flushLocked(context.Background())
		}
	}
}

// endFlushLocked ends a flush after b was written, or not because of err, and lets
// others go on. It's called with o.mu held.
func (c *Conn) endFlushLocked(b batch, err error) {
	o := &c.out
	b.own.put()
	o.flushing = false
	if err != nil {
		c.breakWriteLocked(err)
	}
	o.signalIdleLocked()
	o.grantLocked()
}

// send writes all of b to the transport, in one piece on plain sockets. An error
// means that it's unknown how much has gone out.
func (c *Conn) send(ctx context.Context, b batch) error {
	n, err := c.tryWrite(b.frames(), b.ref)
	if err != nil || n == b.size() {
		return err
	}
	return c.sendRest(ctx, b, n)
}

// sendRest writes what is left of b after n bytes.
func (c *Conn) sendRest(ctx context.Context, b batch, n int) error {
	p := b.frames()
	if n < len(p) {
		if err := c.sendWaiting(ctx, p[n:]); err != nil {
			return err
		}
		n = len(p)
	}
	return c.sendWaiting(ctx, b.ref[n-len(p):])
}

// sendWaiting is send that waits for the peer: as long as it takes 64 KiB
// within each write timeout, and as ctx lets it.
func (c *Conn) sendWaiting(ctx context.Context, p []byte) error {
	if len(p) == 0 {
		return nil
	}
	if c.doneOf(ctx) != nil {
		fired := make(chan struct{})
		stop := context.AfterFunc(ctx, func() {
			c.t.SetWriteDeadline(aLongTimeAgo)
			close(fired)
		})
		defer func() {
			if !stop() {
				<-fired
				c.t.SetWriteDeadline(time.Time{})
			}
		}()
	}
	limit := c.writeLimit()
	for len(p) > 0 {
		if err := ctx.Err(); err != nil {
			return err // the limit may have taken back its deadline
		}
		part := p
		if limit != nil {
			part = p[:min(len(p), chunkMax)]
			limit.begin()
		}
		n, err := c.t.Write(part)
		late := limit != nil && limit.end()
		if n == 0 && err == nil {
			err = io.ErrShortWrite // trying again could go on for ever
		}
		p = p[n:]
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return ctx.Err()
		case late && isTimeout(err), errors.Is(err, os.ErrDeadlineExceeded):
			return ErrWriteTimeout
		default:
			return err
		}
	}
	return nil
}

// writeLimit returns nil if there's no [Config.WriteTimeout]. It's for whoever writes.
func (c *Conn) writeLimit() *writeLimit {
	w := c.limit.Load()
	if w == nil && c.cfg.WriteTimeout > 0 {
		w = &writeLimit{t: c.t, timeout: c.cfg.WriteTimeout}
		c.limit.Store(w)
	}
	return w
}
