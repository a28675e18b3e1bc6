// Ending, the API: Close, CloseWrite and CloseNow. The Close frame is that of closeframe.go,
// and how far the end has come is for ending.go to say.

package websocket

import (
	"context"
	"errors"
	"net"

	"hawser/websocket/frame"
)

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
	if c.end.isOver() { // as it mostly is when a handler returns
		return c.closeResult()
	}
	c.end.beginClosing(true)
	in := &c.in
	free := in.role.want()
	for !in.role.take() {
		select {
		case <-free:
		case <-c.Done():
			return c.closeResult()
		}
	}
	if c.end.err.Load() == nil {
		in.ctx = context.Background()
		in.stream = false
		in.detach() // the user may still look at the last message
		c.awaitClose()
	}
	in.unlock()
	<-c.Done()
	return c.closeResult()
}

// closeResult returns what Close returns once it's decided how the connection ends.
func (c *Conn) closeResult() error {
	if e := c.end.err.Load(); e.Err != nil {
		return e
	}
	return nil
}

// awaitClose reads until it's decided how the connection ends, which the peer's Close
// frame does. The caller has the reading role.
func (c *Conn) awaitClose() {
	for n := 0; n < maxDrain; {
		p, err := c.in.step(false)
		if err != nil {
			c.readError(err)
			return
		}
		n += len(p)
	}
	c.end.abort(ErrCloseTimeout)
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
	if err := c.out.stream.CheckClose(code); err != nil {
		return err
	}
	if err := c.out.sendClose(payload); err != nil {
		return err
	}
	c.end.beginClosing(false)
	return nil
}

// CloseNow closes the transport without a closing handshake. It never waits and is
// safe to call at any time: defer it. Once the peer's Close frame or a breach of the
// protocol has been read, the connection ends by that, and CloseNow takes nothing
// from what is still on its way to the peer.
func (c *Conn) CloseNow() error {
	c.end.abort(net.ErrClosed)
	return nil
}
