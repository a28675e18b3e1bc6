// What the parts of a Conn ask and tell it: the interfaces stand at the top of their
// files.

package websocket

import (
	"context"

	"hawser/websocket/frame"
	"hawser/websocket/internal/transport"
)

// An owner is a Conn as its parts see it.
type owner Conn

var (
	_ inboundOwner    = (*owner)(nil)
	_ outputOwner     = (*owner)(nil)
	_ endingOwner     = (*owner)(nil)
	_ transport.Hooks = (*owner)(nil)
)

// BeforeRead sends what is held back if the read is not the first one for the next
// message: what that one lacks may be much.
func (x *owner) BeforeRead() {
	if x.in.tried {
		x.out.flushHeld()
	}
	x.in.tried = true
}

// BeforeWait sends what is held back, and starts the clock of silence.
func (x *owner) BeforeWait() {
	x.out.flushHeld()
	x.end.live.waits(x.in.cfg, x.in.active)
	x.in.active = false
}

func (x *owner) AfterRead(n int)          { x.end.live.got(n) }
func (x *owner) Context() context.Context { return (*Conn)(x).beside(x.in.ctx) }
func (x *owner) Lender() frame.Lender     { return x.in.rd.Lender() }
func (x *owner) Left() int64              { return x.in.rd.Left() }

// control answers a control frame of the peer. The reader calls it.
func (x *owner) control(op frame.Opcode, p []byte) error {
	switch op {
	case frame.Ping:
		x.out.answerPing(p, (*Conn)(x).hasMore())
	case frame.Pong:
		x.out.answered(string(p))
	case frame.Close:
		code, reason, err := frame.ParseClose(p)
		if err != nil {
			return err
		}
		if code == frame.CodeNormal && reason == halfClose && x.in.stream && !x.out.closing() {
			return errHalfClosed
		}
		x.end.peerClosed(code, reason, false)
		return errEnded
	case peerHalfClosed:
		if x.in.stream && !x.out.closing() {
			return errHalfClosed
		}
		x.end.peerClosed(frame.CodeNormal, halfClose, true)
		return errEnded
	}
	return nil
}

func (x *owner) received(h frame.Header) { x.in.cfg.Trace.FrameReceived((*Conn)(x), h) }
func (x *owner) sent(h frame.Header)     { x.in.cfg.Trace.FrameSent((*Conn)(x), h) }

func (x *owner) beside(ctx context.Context) context.Context { return (*Conn)(x).beside(ctx) }
func (x *owner) broke(e *CloseError)                        { x.end.writingBroke(e) }
func (x *owner) abort(err error)                            { x.end.abort(err) }

// told lets everybody know who waits for the end of the connection.
func (x *owner) told(e *CloseError) {
	if d := x.done.Load(); d != nil {
		d.cancel(e)
	}
	if x.ended != nil {
		x.ended((*Conn)(x))
	}
}

func (x *owner) idle() { (*Conn)(x).Close(frame.CodeGoingAway, "idle") }
