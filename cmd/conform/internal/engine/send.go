package engine

import (
	"encoding/binary"
	"time"

	"hawser/websocket/frame"
)

// Frame is a frame to send. The zero value of what a case doesn't care about is
// what the RFC demands of the sender.
type Frame struct {
	Opcode  frame.Opcode
	More    bool // not the last of its message: FIN is 0
	Rsv     byte // the reserved bits as a number from 0 to 7
	Payload []byte

	Chop      int    // write so many bytes at a time; 0 is all at once
	Flush     bool   // let the frame go before what comes next
	WrongMask bool   // not masked by a client, masked by a server
	ZeroKey   bool   // mask with the key 0
	Form      int    // bytes that the length takes beside the first: 0 (the shortest), 2 or 8
	Announce  uint64 // length to announce instead of the payload's, in a form of 8 bytes
}

// chopPause is what lies between the parts of a chopped frame, so that each
// arrives by itself. Without it the peer's kernel would join many of them.
const chopPause = 50 * time.Microsecond

// Send sends a frame, together with those sent before that were not flushed.
func (c *Conn) Send(f Frame) {
	b, h := c.encode(&f)
	c.Log.txFrame(&h, len(b), f.Payload, f.Chop)
	if f.Chop == 0 {
		c.out = append(c.out, b...)
		if f.Flush || len(c.out) > 1<<20 {
			c.Flush()
		}
		return
	}
	c.Chopped(b, f.Chop)
}

// Chopped writes p as it is, so many bytes at a time.
func (c *Conn) Chopped(p []byte, size int) {
	c.Flush()
	for len(p) > 0 && !c.ended {
		n := min(size, len(p))
		c.write(p[:n], true)
		p = p[n:]
		if size < 64 { // else it's about the size, and there are too many to wait for
			c.Pause(chopPause)
		}
	}
}

// Raw writes p as it is.
func (c *Conn) Raw(p []byte) {
	c.Flush()
	c.write(p, false)
}

// Encode returns a frame's bytes without sending it.
func (c *Conn) Encode(f Frame) []byte {
	b, _ := c.encode(&f)
	return b
}

func (c *Conn) encode(f *Frame) ([]byte, frame.Header) {
	h := frame.Header{Fin: !f.More, Rsv: f.Rsv << 4, Opcode: f.Opcode, Length: int64(len(f.Payload))}
	h.Masked = (c.role == frame.Client) != f.WrongMask
	if h.Masked && !f.ZeroKey {
		binary.BigEndian.PutUint32(h.Key[:], c.rand.Uint32())
	}
	if f.Form == 0 && f.Announce == 0 {
		return frame.Append(nil, h, f.Payload), h
	}
	b := h.Append(nil)[:2]
	length := uint64(len(f.Payload))
	if f.Announce > 0 {
		length = f.Announce
	}
	if f.Form == 2 {
		b[1] = b[1]&0x80 | 126
		b = binary.BigEndian.AppendUint16(b, uint16(length))
	} else {
		b[1] = b[1]&0x80 | 127
		b = binary.BigEndian.AppendUint64(b, length)
	}
	if h.Masked {
		b = append(b, h.Key[:]...)
	}
	n := len(b)
	b = append(b, f.Payload...)
	if h.Masked {
		frame.Mask(b[n:], h.Key, 0)
	}
	return b, h
}

// Message sends a whole message, compressed if that was agreed on, in frames of
// at most fragment bytes if that isn't 0.
func (c *Conn) Message(op frame.Opcode, p []byte, fragment int) {
	c.Log.message(func(s *Stats) *Traffic { return &s.Out }, len(p))
	var rsv byte
	if c.enc != nil {
		c.packed = c.enc.Append(c.packed[:0], p)
		p, rsv = c.packed, 4
	}
	for first := true; first || len(p) > 0; first = false {
		n := len(p)
		if fragment > 0 {
			n = min(n, fragment)
		}
		c.Send(Frame{Opcode: op, Rsv: rsv, Payload: p[:n], More: n < len(p)})
		p, op, rsv = p[n:], frame.Continuation, 0
		if c.ended {
			return
		}
	}
}

// Close sends a Close frame with a payload that may be none. It begins the
// closing handshake unless the peer has.
func (c *Conn) Close(payload []byte) {
	c.Send(Frame{Opcode: frame.Close, Payload: payload})
	c.CloseSent(payload)
	c.Flush()
}

// CloseSent takes note that a Close frame with that payload was sent, by other
// means than [Conn.Close].
func (c *Conn) CloseSent(payload []byte) {
	if c.End.LocalCode = NoCode; len(payload) >= 2 {
		c.End.LocalCode = int(binary.BigEndian.Uint16(payload))
		c.End.LocalReason = string(payload[2:])
	}
	if !c.closeReceived {
		c.End.ClosedByMe = true
	}
	c.closeSent = true
}

// CloseWith sends a Close frame with a code.
func (c *Conn) CloseWith(code frame.Code) {
	c.Close(binary.BigEndian.AppendUint16(nil, uint16(code)))
}

// Flush writes what was sent.
func (c *Conn) Flush() {
	if len(c.out) > 0 {
		c.write(c.out, false)
		c.out = c.out[:0]
	}
}

// write writes p. That it fails is no news: how the connection ended is told by
// what can be read.
func (c *Conn) write(p []byte, chopped bool) {
	if c.ended {
		return
	}
	c.Log.txOctets(p, chopped)
	c.nc.Write(p)
}

// Pause lets d pass.
func (c *Conn) Pause(d time.Duration) {
	select {
	case <-time.After(d):
	case <-c.ctx.Done():
	}
}
