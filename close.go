// Ending, the API and the closing handshake: Close, CloseWrite and CloseNow, and what
// is done when the peer closes or breaks the protocol. How far the end has come is for
// ending.go to say; this file changes no state of it by itself, and never closes the
// transport.

package websocket

import (
	"context"
	"errors"
	"fmt"
	"net"

	"hawser/websocket/frame"
)

// maxDrain is how many bytes are read from a peer that is only to see the end.
const maxDrain = 64 << 20

// Close closes the connection: it sends what was accepted before and a Close frame
// with code and reason, and waits for the peer's Close frame (RFC 6455 section 7).
// That takes as long as the peer's answer does, and at most [Config.CloseTimeout].
// The transport is closed by the time that Close returns, or soon after in the
// background, as a client waits for the server to do it first. If another goroutine
// is in [Conn.Read], that one gets to see what the peer still sends; else it's
// dropped: see [Conn.CloseWrite] for a way to read it.
//
// What [Conn.Post] has accepted goes out before the Close frame, even if the
// message of a [Conn.Writer] has to be finished for that. Without such messages an
// unfinished message is given up.
//
// A reason longer than [frame.MaxReason] bytes is cut. [frame.CodeNone] sends
// neither code nor reason. A code that must not be sent, such as
// [frame.CodeAbnormal], is an error, and the connection stays open: who hands on the
// code of another connection sends [frame.CodeBadGateway] for those, or calls
// [Conn.CloseNow]. Close returns nil after a clean closing handshake, whoever began
// it, and a *[CloseError] if something broke. Of several calls the first one counts;
// all return when the connection is over.
func (c *Conn) Close(code frame.Code, reason string) error {
	if err := c.CloseWrite(code, reason); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	if c.isOver() { // as it mostly is when a handler returns
		return c.closeResult()
	}
	c.beginClosing(true)
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
		c.in.watch.stream = false
		c.rd.Detach() // the user may still look at the last message
		c.giveAway()
		if c.inflater != nil {
			c.inflater.b = nil
		}
		c.awaitClose()
	}
	c.unlockRead()
	<-c.Done()
	return c.closeResult()
}

// closeResult returns what Close returns once it's decided how the connection ends.
func (c *Conn) closeResult() error {
	if e := c.err.Load(); e.Err != nil {
		return e
	}
	return nil
}

// awaitClose reads until it's decided how the connection ends, which the peer's Close
// frame does. The caller has the reading role.
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
	if err := c.sendClose(payload); err != nil {
		return err
	}
	c.beginClosing(false)
	return nil
}

// sendClose has a Close frame sent behind what was accepted, unless no message is
// accepted any more.
func (c *Conn) sendClose(payload []byte) error {
	o := &c.out
	o.mu.Lock()
	defer c.unlockOut()
	if o.closed != nil {
		return c.refusalLocked()
	}
	c.queueCloseLocked(payload)
	return nil
}

// CloseNow closes the transport without a closing handshake. It never waits and is
// safe to call at any time: defer it. Once the peer's Close frame or a breach of the
// protocol has been read, the connection ends by that, and CloseNow takes nothing
// from what is still on its way to the peer.
func (c *Conn) CloseNow() error {
	c.abort(net.ErrClosed)
	return nil
}

// queueCloseLocked makes a Close frame the last frame to be sent, behind all messages
// that were accepted, and refuses all others. If messages of Post wait for a message in
// fragments to be finished, the Close frame waits as well; else that message is given
// up. out.mu is held, and may be released meanwhile.
func (c *Conn) queueCloseLocked(payload []byte) {
	o := &c.out
	if o.sent != 0 || o.broken {
		return
	}
	m := newWire(frame.Header{Fin: true, Opcode: frame.Close}, payload)
	code, reason, _ := frame.ParseClose(payload)
	o.sent = code
	e := c.closeErrorLocked(nil)
	e.SentReason = reason
	o.refuseLocked(e) // before anything is written, which gives up the lock
	if o.streaming && !o.hasPostedLocked() {
		c.queueLocked(m.header(), payload)
		o.closeOut, o.cut = true, true
	} else {
		o.postLocked(&m)
	}
	c.flushAsyncLocked()
}

// peerClosed ends the connection after the peer's Close frame, which is answered
// with the same code and reason.
func (c *Conn) peerClosed(code frame.Code, reason string) {
	e := c.answerClose(code, reason)
	e.Code, e.Reason = code, reason
	c.teardown(e, false)
}

// answerClose answers the peer's Close frame, unless this side has sent one before. It
// returns how the connection ends, but for what the peer's frame held.
func (c *Conn) answerClose(code frame.Code, reason string) *CloseError {
	o := &c.out
	o.mu.Lock()
	defer c.unlockOut()
	local := o.sent != 0 && c.in.control != peerHalfClosed
	if o.sent == 0 {
		payload, _ := frame.AppendClose(nil, code, reason)
		c.queueCloseLocked(payload)
	}
	e := c.closeErrorLocked(nil)
	e.Local = local
	return e
}

// fail ends the connection because the peer broke the protocol (RFC 6455
// section 7.1.7). The reason stays here: it would help only to attack.
func (c *Conn) fail(breach *frame.Error) {
	e := c.sendBreach(breach)
	e.Local = true
	c.teardown(e, false)
}

// sendBreach tells the peer the code of its breach of the protocol, unless this side has
// sent a Close frame before, and returns how the connection ends.
func (c *Conn) sendBreach(breach *frame.Error) *CloseError {
	payload, _ := frame.AppendClose(nil, breach.Code, "")
	o := &c.out
	o.mu.Lock()
	defer c.unlockOut()
	c.queueCloseLocked(payload)
	return c.closeErrorLocked(breach)
}

// closeError returns how the connection ends if err ends it now, before the peer's Close
// frame has come.
func (c *Conn) closeError(err error) *CloseError {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	return c.closeErrorLocked(err)
}

// closeErrorLocked is closeError for callers that hold out.mu.
func (c *Conn) closeErrorLocked(err error) *CloseError {
	o := &c.out
	e := &CloseError{Code: frame.CodeAbnormal, SentCode: o.sent, Local: o.sent != 0, Err: err}
	if o.closed != nil {
		e.SentReason = o.closed.SentReason
	}
	return e
}

// errType is the error of a call that is to write a message of type t.
func errType(t MessageType) error {
	return fmt.Errorf("websocket: message type %d is neither Text nor Binary", t)
}
