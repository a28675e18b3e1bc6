package engine

import (
	"fmt"
	"time"

	"hawser/websocket/frame"
)

// Kind is that of an [Event].
type Kind string

// The kinds of events. The first three and TimedOut are what a case compares with
// what it expects; the spelling is that of Autobahn's reports.
const (
	Message  Kind = "message"
	Ping     Kind = "ping"
	Pong     Kind = "pong"
	TimedOut Kind = "timeout" // a wait of a case has passed
	Closed   Kind = "close"   // the peer's Close frame
	Gone     Kind = "end"     // the end of the transport, or a breach
	Nothing  Kind = ""        // none of them by the time asked for
)

// Event is something that a case has to know of.
type Event struct {
	Kind   Kind
	Data   []byte // of a message, ping or pong
	Binary bool   // for a message
	Tag    string // of a TimedOut

	Compressed bool // for a message
	Frames     int  // of a message
	At         time.Time
}

// Same reports whether e is the event w, as far as cases compare.
func (e Event) Same(w Event) bool {
	return e.Kind == w.Kind && string(e.Data) == string(w.Data) && e.Binary == w.Binary && e.Tag == w.Tag
}

// Receive returns the next event, Nothing if there is none by then, and Gone for
// ever after the end. It answers pings and the peer's Close frame. A breach of
// the protocol ends the connection.
func (c *Conn) Receive(by time.Time) Event {
	c.Flush()
	for {
		if c.ended {
			return Event{Kind: Gone, At: c.End.At}
		}
		a, ok := c.in.take(by)
		if !ok {
			return Event{}
		}
		if a.err != nil {
			c.lost(a)
			continue
		}
		if c.total++; c.total > maxEvents {
			c.breach(fmt.Sprintf("more than %d frames", maxEvents))
			continue
		}
		if c.bytes += int64(len(a.payload)); c.bytes > maxBytes {
			c.breach(fmt.Sprintf("more than %d bytes", maxBytes))
			continue
		}
		if c.closeReceived {
			c.End.AfterClose++
			continue
		}
		if err := c.rules.Check(&a.header); err != nil {
			c.breach(err.Error())
			continue
		}
		if a.header.Masked && len(c.keys) < 64 {
			c.keys = append(c.keys, a.header.Key)
		}
		if e := c.frame(&a); e.Kind != Nothing {
			e.At = a.at
			return e
		}
	}
}

// frame takes a frame that is allowed where it is.
func (c *Conn) frame(a *arrival) Event {
	switch a.header.Opcode {
	case frame.Ping:
		if !c.closeSent {
			c.Send(Frame{Opcode: frame.Pong, Payload: a.payload, Flush: true})
		}
		return Event{Kind: Ping, Data: a.payload}
	case frame.Pong:
		return Event{Kind: Pong, Data: a.payload}
	case frame.Close:
		c.closeFrame(a.payload, a.at)
		return Event{Kind: Closed}
	}
	if a.header.Opcode != frame.Continuation {
		c.message, c.frames = c.message[:0], 0
		c.opcode, c.compressed = a.header.Opcode, a.header.Rsv != 0
	}
	c.frames++
	if c.frames == 1 && a.header.Fin {
		return c.whole(a.payload)
	}
	c.message = append(c.message, a.payload...)
	if len(c.message) > maxFrame {
		c.breach(fmt.Sprintf("a message of more than %d bytes", maxFrame))
		return Event{}
	}
	if !a.header.Fin {
		return Event{}
	}
	return c.whole(append([]byte(nil), c.message...))
}

// whole takes a message that is complete.
func (c *Conn) whole(p []byte) Event {
	if c.compressed {
		inflated, err := c.dec.Append(nil, p, maxFrame)
		if err != nil {
			c.breach(fmt.Sprintf("compressed data that can't be inflated with what was agreed on: %v", err))
			return Event{}
		}
		p = inflated
	}
	if c.opcode == frame.Text {
		var text frame.UTF8
		if !text.Feed(p) || !text.Done() {
			c.breach("text that is not UTF-8 (RFC 6455 section 8.1)") // it came all the same
		}
	}
	c.Log.message(func(s *Stats) *Traffic { return &s.In }, len(p))
	return Event{Kind: Message, Data: p, Binary: c.opcode == frame.Binary, Compressed: c.compressed, Frames: c.frames}
}
