package websocket

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"hawser/websocket/frame"
)

// maxDrain is how many bytes are read from a peer that is only to see the end.
const maxDrain = 64 << 20

// Close closes the connection: it sends what was accepted before and a Close
// frame with code and reason, waits for the peer's Close frame and the end of
// its stream, and closes the transport (RFC 6455 section 7). All that takes no
// longer than [Config.CloseTimeout]. If another goroutine is in [Conn.Read], that
// one gets to see what the peer still sends; else it's dropped: see
// [Conn.CloseWrite] for a way to read it.
//
// A reason longer than [frame.MaxReason] bytes is cut. [frame.CodeNone] sends
// neither code nor reason; a code that must not be sent is an error, and the
// connection stays open. Close returns nil after a clean closing handshake,
// whoever began it, and a *[CloseError] if something broke. Of several calls the
// first one counts; all return when the connection is over.
func (c *Conn) Close(code frame.Code, reason string) error {
	if err := c.CloseWrite(code, reason); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	if c.over.Load() && c.end.Load() == nil { // as it mostly is when a handler returns
		return c.closeResult()
	}
	stop := c.afterCloseTimeout(func() { c.abort(ErrCloseTimeout) })
	defer stop()
	in := &c.in
	free := make(chan struct{}, 1)
	if !in.closing.CompareAndSwap(nil, &free) {
		free = *in.closing.Load()
	}
	for !in.reading.CompareAndSwap(false, true) {
		select {
		case <-free:
		case <-c.Done():
			return c.closeResult()
		}
	}
	if c.err.Load() == nil {
		in.ctx = context.Background()
		c.rd.Detach() // the user may still look at the last message
		if c.inflater != nil {
			c.inflater.b = nil
		}
		c.awaitClose()
	}
	c.unlockRead()
	<-c.Done()
	return c.closeResult()
}

func (c *Conn) closeResult() error {
	if e := c.err.Load(); e.Err != nil {
		return e
	}
	return nil
}

// awaitClose reads until the connection has ended, as the peer's Close frame
// makes it do.
func (c *Conn) awaitClose() {
	for n := 0; n < maxDrain; {
		p, err := c.step(false)
		if err != nil {
			c.readError(err)
			return
		}
		n += len(p)
	}
	c.abort(ErrCloseTimeout)
}

// CloseWrite begins to close: it sends what was accepted before and a Close
// frame, without waiting for the peer. Nothing can be written after. Reading goes
// on: what the peer still sends arrives, until its Close frame ends the
// connection, or until it's silent for [Config.CloseTimeout] while somebody
// reads. Code and reason are as for [Conn.Close].
func (c *Conn) CloseWrite(code frame.Code, reason string) error {
	payload, err := frame.AppendClose(nil, code, reason)
	if err != nil {
		return err
	}
	if t, ok := c.t.(interface{ CheckClose(frame.Code) error }); ok {
		if err := t.CheckClose(code); err != nil {
			return err
		}
	}
	o := &c.out
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed != nil {
		return c.refusal()
	}
	c.queueClose(payload)
	if c.timer == nil {
		c.timer = time.AfterFunc(c.cfg.CloseTimeout, c.tick)
	} else {
		c.stale = !c.timer.Reset(c.cfg.CloseTimeout)
	}
	return nil
}

// CloseNow closes the transport without a closing handshake. It never waits, is
// safe to call at any time, and has no effect after the end: defer it.
func (c *Conn) CloseNow() error {
	c.abort(net.ErrClosed)
	return nil
}

// queueClose is called with o.mu held. The Close frame goes behind all messages
// that were accepted, but for the unfinished one of a Writer.
func (c *Conn) queueClose(payload []byte) {
	o := &c.out
	if o.sent != 0 || o.broken {
		return
	}
	m := newWire(frame.Header{Fin: true, Opcode: frame.Close}, payload)
	code, reason, _ := frame.ParseClose(payload)
	o.sent = code
	e := c.closeErrorLocked(nil)
	e.SentReason = reason
	o.refuse(e) // before anything is written, which gives up the lock
	if o.streaming {
		o.dropPosted()
		c.queue(m.header(), payload)
		c.flushAsync()
	} else {
		o.post(&m)
		c.flushAsync()
	}
}

// peerClosed ends the connection after the peer's Close frame.
func (c *Conn) peerClosed(code frame.Code, reason string) {
	o := &c.out
	o.mu.Lock()
	local := o.sent != 0
	if !local {
		payload, _ := frame.AppendClose(nil, code, "")
		c.queueClose(payload)
	}
	e := c.closeErrorLocked(nil)
	o.mu.Unlock()
	e.Code, e.Reason, e.Local = code, reason, local
	c.teardown(e)
}

// fail ends the connection because the peer broke the protocol (RFC 6455
// section 7.1.7). The reason stays here: it would help only to attack.
func (c *Conn) fail(breach *frame.Error) {
	payload, _ := frame.AppendClose(nil, breach.Code, "")
	o := &c.out
	o.mu.Lock()
	c.queueClose(payload)
	e := c.closeErrorLocked(breach)
	o.mu.Unlock()
	e.Local = true
	c.teardown(e)
}

// teardown ends the connection with e: it sends what is pending, ends the
// stream, waits for the peer to do so too, and closes the transport. Closing it
// earlier could make the peer lose what it has not read yet (RFC 6455 section
// 7.1.1). The caller holds the reading role.
func (c *Conn) teardown(e *CloseError) {
	c.setErr(e)
	stop := c.afterCloseTimeout(c.shut)
	defer stop()
	c.flushAll()
	if c.role == frame.Server || e.Err != nil {
		closeWrite(c.t)
	} // else the server is the first to close
	c.in.watch.forget(c)
	b := getChunk(chunkMax)
	for n := 0; n < maxDrain; {
		k, err := c.t.Read(b.p[:cap(b.p)])
		if err != nil {
			break
		}
		n += k
	}
	b.put()
	c.shut()
}

// flushAll waits until nothing is pending or nothing can be written.
func (c *Conn) flushAll() {
	o := &c.out
	o.mu.Lock()
	defer o.mu.Unlock()
	for !o.broken {
		switch {
		case o.flushing:
			c.waitIdle(context.Background())
		case o.streaming || !o.hasPosted():
			if o.pend == nil && o.pong == nil {
				return
			}
			c.flush(context.Background())
		default:
			o.busy = false // granted to a waiter, who finds that it's too late
			c.flush(context.Background())
		}
	}
}

// afterCloseTimeout calls f after the close timeout, unless stop is called or
// the connection ends before.
func (c *Conn) afterCloseTimeout(f func()) (stop func()) {
	t := time.AfterFunc(c.cfg.CloseTimeout, f)
	return func() { t.Stop() }
}

func (c *Conn) closeError(err error) *CloseError {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	return c.closeErrorLocked(err)
}

func (c *Conn) closeErrorLocked(err error) *CloseError {
	o := &c.out
	e := &CloseError{Code: frame.CodeAbnormal, SentCode: o.sent, Local: o.sent != 0, Err: err}
	if o.closed != nil {
		e.SentReason = o.closed.SentReason
	}
	return e
}

func errType(t MessageType) error {
	return fmt.Errorf("websocket: message type %d is neither Text nor Binary", t)
}
