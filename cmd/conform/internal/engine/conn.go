package engine

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"hawser/websocket/frame"
	"hawser/websocket/frame/deflate"
	"hawser/websocket/handshake"
)

// NoCode stands for a Close frame without a code, or for none.
const NoCode = -1

// End is how a connection ended, which is what its close is judged by.
type End struct {
	ClosedByMe  bool // the suite sent a Close frame first
	FailedByMe  bool // the suite gave the connection up
	DroppedByMe bool // the suite closed the transport first
	Clean       bool // both Close frames were there, and the server then closed the transport
	NotClean    string

	OpenTimeout, CloseTimeout, DropTimeout bool

	LocalCode, RemoteCode     int // or NoCode
	LocalReason, RemoteReason string

	Breach     string    // what the peer must not do and did, or ""
	AfterClose int       // frames that came after the peer's Close frame
	At         time.Time // of the peer's Close frame, or of the end without one
}

// Conn is an open connection. It's for one goroutine.
type Conn struct {
	Log    *Log
	End    End
	Agreed *handshake.Deflate // what was agreed on of permessage-deflate, or nil

	ctx    context.Context
	stop   func() bool // ends the watch of ctx, which closes nc
	nc     net.Conn
	role   frame.Role // of the suite
	limits Limits
	rand   *rand.Rand
	in     *inbox
	rules  frame.Rules // for what the peer sends
	enc    *deflate.Encoder
	dec    *deflate.Decoder

	out, packed []byte // frames not written yet; a buffer for compressing

	message       []byte // the frames of the message that isn't complete
	opcode        frame.Opcode
	compressed    bool
	frames        int   // of that message
	total         int   // frames received
	bytes         int64 // of their payloads
	closeSent     bool
	closeReceived bool
	ended         bool
	keys          [][4]byte
}

// Setup is what a connection is made from.
type Setup struct {
	Role   frame.Role // of the suite
	Before []byte     // bytes that were read behind the peer's head
	Agreed *handshake.Deflate
	Limits Limits
	Rand   *rand.Rand
	Log    *Log
}

// NewConn returns an open connection over nc, which it closes when ctx ends.
func NewConn(ctx context.Context, nc net.Conn, s Setup) *Conn {
	c := &Conn{
		Log: s.Log, ctx: ctx, nc: nc, role: s.Role, limits: s.Limits, rand: s.Rand,
		rules: frame.Rules{Role: s.Role},
		End:   End{LocalCode: NoCode, RemoteCode: NoCode},
	}
	if s.Agreed != nil {
		c.agree(s.Agreed)
	}
	if deadline, ok := ctx.Deadline(); ok {
		nc.SetWriteDeadline(deadline)
	}
	c.stop = context.AfterFunc(ctx, func() { nc.Close() })
	c.in = newInbox(nc, s.Before, s.Log)
	return c
}

// agree sets both directions up for what was agreed on.
func (c *Conn) agree(d *handshake.Deflate) {
	server := deflate.Config{WindowBits: d.ServerWindowBits, Takeover: !d.ServerNoTakeover}
	client := deflate.Config{WindowBits: d.ClientWindowBits, Takeover: !d.ClientNoTakeover}
	c.Agreed = d
	c.rules.Rsv = frame.Rsv1
	if c.role == frame.Client {
		c.enc, c.dec = deflate.NewEncoder(client), deflate.NewDecoder(server)
	} else {
		c.enc, c.dec = deflate.NewEncoder(server), deflate.NewDecoder(client)
	}
}

// Role returns the role of the suite.
func (c *Conn) Role() frame.Role { return c.role }

// Ended reports whether the transport is closed, by either side.
func (c *Conn) Ended() bool { return c.ended }

// Closing reports whether either side has sent a Close frame.
func (c *Conn) Closing() bool { return c.closeSent || c.closeReceived }

// Answered reports whether the peer has sent a Close frame.
func (c *Conn) Answered() bool { return c.closeReceived }

// Keys returns the masking keys of the frames received, the first few of them.
func (c *Conn) Keys() [][4]byte { return c.keys }

// CloseWrite ends the suite's direction of the transport and reports whether the
// transport can do so.
func (c *Conn) CloseWrite() bool {
	c.Flush()
	h, ok := c.nc.(interface{ CloseWrite() error })
	return ok && h.CloseWrite() == nil
}

// Reset closes the transport at once, with a reset if it's a TCP connection.
func (c *Conn) Reset() {
	if t, ok := c.nc.(*net.TCPConn); ok {
		t.SetLinger(0)
	}
	c.drop("the suite reset the connection")
}

// Kill gives the connection up: the peer has not done what it had to.
func (c *Conn) Kill() {
	if c.ended {
		return
	}
	c.Log.Note("KLE")
	c.End.FailedByMe = true
	c.drop("the suite failed the connection by closing the transport")
}

// breach gives the connection up because of what the peer did.
func (c *Conn) breach(what string) {
	c.End.Breach = what
	c.End.FailedByMe = true
	c.drop("the suite failed the connection: " + what)
}

func (c *Conn) drop(reason string) {
	c.End.DroppedByMe = true
	c.End.Clean = false
	c.End.NotClean = reason
	c.markEnd(time.Now())
}

func (c *Conn) markEnd(at time.Time) {
	if !c.ended {
		c.ended = true
		if c.End.At.IsZero() {
			c.End.At = at
		}
	}
	c.nc.Close()
}

// lost takes note of the end of the peer's direction.
func (c *Conn) lost(a arrival) {
	if c.ended {
		return
	}
	var b *Breach
	if errors.As(a.err, &b) {
		c.breach(b.What)
		return
	}
	if !c.End.Clean {
		c.End.NotClean = "the peer closed the transport without a closing handshake: " + a.err.Error()
		if c.ctx.Err() != nil {
			c.End.DroppedByMe, c.End.NotClean = true, "the suite ended the case"
		}
	}
	c.markEnd(a.at)
}

// Finish waits for what is left of the closing handshake and of the transport,
// closes it and frees what the connection holds. The server is the one to close
// the transport first (RFC 6455 section 7.1.1). Each gets the events until then.
func (c *Conn) Finish(each func(Event)) {
	c.Flush()
	if !c.ended && c.closeSent && !c.closeReceived {
		c.until(c.limits.Close, func() bool { return c.closeReceived }, each)
		if !c.ended && !c.closeReceived {
			c.End.CloseTimeout = true
			c.drop("the peer did not answer the Close frame in time")
		}
	}
	if !c.ended && c.closeReceived {
		if c.role == frame.Server {
			c.End.DroppedByMe = true
			c.markEnd(time.Now())
		} else if c.until(c.limits.Drop, func() bool { return false }, each); !c.ended {
			c.End.DropTimeout = true
			c.drop("the server did not close the transport in time")
		}
	}
	if !c.ended {
		c.drop("the suite closed the transport")
	}
	c.stop()
	c.nc.Close()
	c.in.close()
}

// until receives for so long, or until the end or until done says so.
func (c *Conn) until(d time.Duration, done func() bool, each func(Event)) {
	by := time.Now().Add(d)
	for !c.ended && !done() {
		e := c.Receive(by)
		if e.Kind == Nothing {
			return
		}
		each(e)
	}
}

// closeFrame takes the peer's Close frame and answers it.
func (c *Conn) closeFrame(p []byte, at time.Time) {
	c.closeReceived, c.End.At = true, at
	if len(p) >= 2 {
		c.End.RemoteCode = int(binary.BigEndian.Uint16(p))
		c.End.RemoteReason = string(p[2:])
	}
	if _, _, err := frame.ParseClose(p); err != nil {
		c.breach(fmt.Sprintf("its Close frame: %v", err))
		return
	}
	if !c.closeSent {
		answer := p
		if len(answer) > 2 {
			answer = answer[:2]
		}
		c.Close(answer)
	}
	c.End.Clean = true
}
