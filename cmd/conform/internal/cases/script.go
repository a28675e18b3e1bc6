package cases

import (
	"time"

	"hawser/websocket/cmd/conform/internal/engine"
	"hawser/websocket/frame"
)

// Step is a part of a script.
type Step interface{ do(t *T) }

// send is a step that sends one frame. Its methods change what it sends.
type send engine.Frame

func (s send) do(t *T) { t.Conn.Send(engine.Frame(s)) }

func text(p string) send   { return send{Opcode: frame.Text, Payload: []byte(p)} }
func binary(p string) send { return send{Opcode: frame.Binary, Payload: []byte(p)} }
func cont(p string) send   { return send{Opcode: frame.Continuation, Payload: []byte(p)} }
func ping(p string) send   { return send{Opcode: frame.Ping, Payload: []byte(p)} }
func pong(p string) send   { return send{Opcode: frame.Pong, Payload: []byte(p)} }
func opcode(n int, p string) send {
	return send{Opcode: frame.Opcode(n), Payload: []byte(p)}
}

// more says that the frame isn't the last of its message.
func (s send) more() send { s.More = true; return s }

// rsv sets the reserved bits, as a number from 0 to 7.
func (s send) rsv(bits byte) send { s.Rsv = bits; return s }

// chop writes so many bytes at a time.
func (s send) chop(n int) send { s.Chop = n; return s }

// alone writes the frame by itself.
func (s send) alone() send { s.Flush = true; return s }

// message is a step that sends a whole message in frames of some size.
type message struct {
	opcode   frame.Opcode
	payload  string
	fragment int
}

func (m message) do(t *T) { t.Conn.Message(m.opcode, []byte(m.payload), m.fragment) }

// closing is a step that begins the closing handshake, with any payload.
type closing string

func (c closing) do(t *T) {
	if t.Conn.Closing() {
		t.Conn.Send(engine.Frame{Opcode: frame.Close, Payload: []byte(c)})
		return
	}
	t.Conn.Close([]byte(c))
}

// begun is a step that sends a text frame that isn't the last of its message: its
// header, then its payload in parts, with other steps between them.
type begun struct{ parts []Step }

// part is a piece of the payload of a frame that was begun.
type part string

func (part) do(*T) {}

func (b begun) do(t *T) {
	var payload []byte
	for _, s := range b.parts {
		if p, ok := s.(part); ok {
			payload = append(payload, p...)
		}
	}
	whole := t.Conn.Encode(engine.Frame{Opcode: frame.Text, More: true, Payload: payload})
	at := len(whole) - len(payload)
	t.Conn.Raw(whole[:at])
	for _, s := range b.parts {
		if p, ok := s.(part); ok {
			t.Conn.Raw(whole[at : at+len(p)])
			at += len(p)
		} else if s.do(t); t.over() {
			return
		}
	}
}

// pause is a step that lets time pass. If it has a tag, that it has passed with
// the connection still open is an event.
type pause struct {
	d       time.Duration
	tag     string
	patient bool // the testee has something to do by then
}

func (p pause) do(t *T) {
	t.Conn.Flush()
	t.log.Note("CT", p.d.Seconds(), p.tag)
	by := time.Now().Add(p.d)
	if p.patient {
		by = t.wait(p.d)
	}
	for !t.over() && t.next(by).Kind != engine.Nothing {
	}
	if p.tag != "" && !t.over() {
		t.log.Note("CTE", p.tag)
		t.receive(engine.Event{Kind: engine.TimedOut, Tag: p.tag})
	}
}

// over reports whether the connection is closing or closed.
func (t *T) over() bool { return t.Conn.Ended() || t.Conn.Closing() }

// script sends the steps and then waits for what is expected.
func (t *T) script() {
	for _, s := range t.Steps {
		_, waits := s.(pause)
		if s.do(t); t.Conn.Ended() || waits && t.over() {
			break
		}
	}
	t.await()
}

// await receives until the testee closes, or until all that is expected has come,
// which closes the connection, or until the time for that is over.
func (t *T) await() {
	if t.CloseAfter {
		t.log.Note("TI", t.Wait.Seconds())
	} else {
		t.log.Note("KL", t.Wait.Seconds())
	}
	t.Conn.Flush()
	for by := t.wait(t.Wait); !t.Conn.Ended(); {
		e := t.next(by)
		switch {
		case e.Kind == engine.Closed || e.Kind == engine.Gone || t.Conn.Closing() && e.Kind == engine.Nothing:
			return
		case e.Kind == engine.Nothing && t.CloseAfter:
			t.log.Note("TIE")
			t.Conn.CloseWith(1000)
			return
		case e.Kind == engine.Nothing:
			t.Conn.Kill()
			return
		case !t.End.ByPeer && !t.over() && same(t.received, t.OK) && (t.NonStrict == nil || same(t.received, t.NonStrict)):
			t.Conn.CloseWith(frame.Code(t.End.Codes[0]))
			return
		}
	}
}

// Events that scripts expect.

func gotText(p string) engine.Event { return engine.Event{Kind: engine.Message, Data: []byte(p)} }
func gotBinary(p string) engine.Event {
	return engine.Event{Kind: engine.Message, Data: []byte(p), Binary: true}
}
func gotPong(p string) engine.Event { return engine.Event{Kind: engine.Pong, Data: []byte(p)} }
func passed(tag string) engine.Event {
	return engine.Event{Kind: engine.TimedOut, Tag: tag}
}

func events(e ...engine.Event) []engine.Event { return e }

// nothing is what a testee does that fails the connection before all else.
var nothing = []engine.Event{}

// steps is a list of steps.
func steps(s ...Step) []Step { return s }
