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

// A batch is what is being written: frames of our own, or those of a message
// that was posted, by reference.
type batch struct {
	own *chunk
	ref []byte
}

func (b batch) bytes() []byte {
	if b.own != nil {
		return b.own.p
	}
	return b.ref
}

// take moves what is to be written next out of o. It's called with o.mu held.
func (c *Conn) take() (b batch, ok bool) {
	o := &c.out
	if p := o.pong; p != nil {
		o.pong = nil
		c.queueControl(frame.Pong, p.payload[:p.size])
	}
	for o.hasPosted() && !o.busy && (o.pend == nil || len(o.pend.p) < chunkMax) {
		q := o.queue
		w := q.posted[0]
		byRef := c.role == frame.Server && len(w.payload()) > copyMax
		if byRef && o.pend != nil {
			break // next time
		}
		q.posted[0] = nil
		q.posted = q.posted[1:]
		q.bytes -= len(w.frame)
		c.sends(w)
		if byRef {
			h := w.header()
			c.traceSent(&h)
			return batch{ref: w.frame}, true
		}
		c.queue(w.header(), w.payload())
	}
	if b.own = o.takePend(); b.own != nil {
		o.last = len(b.own.p)
	}
	return b, b.own != nil
}

// submit has what is pending be written, now or soon. It's called with o.mu held,
// and may give it up meanwhile.
func (c *Conn) submit(ctx context.Context) error {
	if c.hold() {
		return nil
	}
	return c.flush(ctx)
}

// flush writes what is pending, unless somebody is already doing that. It's
// called with o.mu held, and gives it up while it writes.
func (c *Conn) flush(ctx context.Context) error {
	o := &c.out
	if o.flushing || o.broken {
		return nil
	}
	b, ok := c.take()
	if !ok {
		return nil
	}
	o.flushing = true
	o.mu.Unlock()
	n, err := c.tryWrite(nil, b.bytes())
	if err == nil && n < len(b.bytes()) {
		err = c.sendWaiting(ctx, b.bytes()[n:])
	}
	o.mu.Lock()
	c.endFlush(b, err)
	if err != nil {
		return c.writeError(ctx, err)
	}
	c.flushAsync() // what others have accepted meanwhile is not to hold up this caller
	return nil
}

// flushAsync is flush for those who must not wait for the peer: the reader and
// timers. What the peer doesn't take at once is left to a goroutine, which ends
// when nothing is pending.
func (c *Conn) flushAsync() {
	o := &c.out
	for round := 0; !o.flushing && !o.broken; round++ {
		b, ok := c.take()
		if !ok {
			return
		}
		o.flushing = true
		if !c.sock.ok() || round == maxRounds {
			go c.flushRest(b, 0)
			return
		}
		o.mu.Unlock()
		n, err := c.tryWrite(nil, b.bytes())
		o.mu.Lock()
		if err == nil && n < len(b.bytes()) {
			go c.flushRest(b, n)
			return
		}
		c.endFlush(b, err)
	}
}

// flushSoon leaves it all to a goroutine, for who has many connections to write
// to. Until it runs, more can become pending, which goes out together.
func (c *Conn) flushSoon() {
	o := &c.out
	if !o.flushing && !o.broken {
		o.flushing = true
		go c.flushRest(batch{}, 0)
	}
}

// flushRest writes what is left of b after n bytes, and all that is pending.
func (c *Conn) flushRest(b batch, n int) {
	o := &c.out
	for {
		var err error
		if p := b.bytes(); len(p) > n {
			err = c.send(context.Background(), nil, p[n:])
		}
		o.mu.Lock()
		c.endFlush(b, err)
		ok := false
		if !o.broken {
			b, ok = c.take()
		}
		o.flushing = ok
		o.mu.Unlock()
		if !ok {
			return
		}
		n = 0
	}
}

// endFlush is called with o.mu held after b was written, or not.
func (c *Conn) endFlush(b batch, err error) {
	o := &c.out
	b.own.put()
	o.flushing = false
	if err != nil {
		c.breakWrite(err)
	}
	o.signalIdle()
	o.grant()
}

// send writes all of head and then p to the transport, in one piece on plain
// sockets. An error means that it's unknown how much has gone out.
func (c *Conn) send(ctx context.Context, head, p []byte) error {
	n, err := c.tryWrite(head, p)
	if err != nil || n == len(head)+len(p) {
		return err
	}
	if n < len(head) {
		if err := c.sendWaiting(ctx, head[n:]); err != nil {
			return err
		}
		n = len(head)
	}
	return c.sendWaiting(ctx, p[n-len(head):])
}

// sendWaiting is send that waits for the peer: as long as it takes 64 KiB
// within each write timeout, and as ctx lets it.
func (c *Conn) sendWaiting(ctx context.Context, p []byte) error {
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
	timeout := c.cfg.WriteTimeout
	for len(p) > 0 {
		part := p
		if timeout > 0 {
			part = p[:min(len(p), chunkMax)]
			c.t.SetWriteDeadline(time.Now().Add(timeout))
			if err := ctx.Err(); err != nil {
				return err // its deadline may be the one just overwritten
			}
		}
		n, err := c.t.Write(part)
		if n == 0 && err == nil {
			err = io.ErrShortWrite // trying again could go on for ever
		}
		p = p[n:]
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, os.ErrDeadlineExceeded):
			return ErrWriteTimeout
		default:
			return err
		}
	}
	if timeout > 0 {
		c.t.SetWriteDeadline(time.Time{})
	}
	return nil
}
