package cases

import (
	"fmt"
	"strings"
	"time"

	"hawser/websocket/cmd/conform/internal/data"
	"hawser/websocket/cmd/conform/internal/engine"
	"hawser/websocket/frame"
	"hawser/websocket/frame/deflate"
)

// splitPause is what lies between the two writes of a split, so that the testee
// reads the first before the second.
const splitPause = 500 * time.Microsecond

// section18 writes frames in two parts, cut at every byte, and one byte at a time:
// how bytes are joined on their way means nothing (RFC 6455 section 5.4, RFC 9293).
func section18() []*Case {
	const wants = "All comes back each time."
	mixed := "é€\U0001f600" + hello
	noise := string(data.Noise(newRandom(18), 130))
	split := func(id, sends string, frames ...engine.Frame) *Case {
		return &Case{ID: id, Sends: sends + ", cut in two at every byte", Wants: wants, End: normal, Limit: 30 * time.Second, Play: func(t *T) {
			for at := 1; t.split(at, frames...); at++ {
			}
		}}
	}
	single := func(id, sends string, frames ...engine.Frame) *Case {
		return &Case{ID: id, Sends: sends + ", one byte at a time", Wants: wants, End: normal, Limit: 30 * time.Second, Play: func(t *T) {
			want := expected(frames)
			for _, f := range frames {
				f.Chop = 1
				t.Conn.Send(f)
			}
			t.all(want)
		}}
	}
	text := engine.Frame{Opcode: frame.Text, Payload: []byte(mixed)}
	long := engine.Frame{Opcode: frame.Binary, Payload: []byte(noise)}
	fragments := []engine.Frame{
		{Opcode: frame.Text, Payload: []byte(mixed[:4]), More: true}, {Opcode: frame.Ping, Payload: []byte("ping")},
		{Opcode: frame.Continuation, More: true}, {Opcode: frame.Continuation, Payload: []byte(mixed[4:])},
	}
	pair := []engine.Frame{{Opcode: frame.Text, Payload: []byte("first")}, {Opcode: frame.Ping, Payload: []byte("ping")}, {Opcode: frame.Binary, Payload: []byte("\x00second\xff")}}
	packed := deflate.NewEncoder(deflate.Config{WindowBits: 8}).Append(nil, []byte(strings.Repeat(mixed, 3)))
	all := []*Case{
		split("18.1.1", "a text message with characters of up to four bytes", text),
		split("18.1.2", "a binary message whose length takes two bytes", long),
		split("18.1.3", "a text message in fragments with a ping between them", fragments...),
		split("18.1.4", "two messages with a ping between them", pair...),
		single("18.2.1", "a text message with characters of up to four bytes", text),
		single("18.2.2", "a binary message whose length takes two bytes", long),
		single("18.2.3", "a text message in fragments with a ping between them", fragments...),
		single("18.2.4", "two messages with a ping between them", pair...),
		{ID: "18.3.1", Sends: "a binary message of 65536 bytes, cut in two at each of the first 20 bytes", Wants: wants, End: normal, Limit: 30 * time.Second, Play: func(t *T) {
			long := engine.Frame{Opcode: frame.Binary, Payload: data.Noise(t.random(), 65536)}
			for at := 1; at <= 20 && t.split(at, long); at++ {
			}
		}},
		{ID: "18.3.2", Sends: "a compressed message, cut in two at every byte", Wants: wants, End: normal, Packed: true, Limit: 30 * time.Second,
			Negotiate: Negotiation{Offer: deflateName, Accept: take(nil)}, Play: func(t *T) {
				f := engine.Frame{Opcode: frame.Text, Rsv: 4, Payload: packed}
				whole := t.Conn.Encode(f)
				for at := 1; at < len(whole); at++ {
					t.twoWrites(t.Conn.Encode(f), at)
					if !t.echoes(t.wait(5*seconds), frame.Text, []byte(strings.Repeat(mixed, 3))) {
						return
					}
				}
			}},
		{ID: "18.4.1", Sends: "300 messages in one write", Wants: "All come back in their order.", End: normal, Play: func(t *T) {
			var want []engine.Event
			for i := range 300 {
				p := fmt.Sprintf("message %d", i)
				t.Conn.Send(engine.Frame{Opcode: frame.Text, Payload: []byte(p)})
				want = append(want, gotText(p))
			}
			t.all(want)
		}},
		{ID: "18.4.2", Sends: "a Close frame with a reason, one byte at a time", Wants: "The closing handshake is completed.", End: normal, Wait: second, OK: nothing,
			Steps: steps(bytewiseClose(code + "a reason"))},
	}
	return all
}

// split writes frames in two parts, cut at a byte, and waits for what has to come
// back. It returns false when that's not what comes, and when there's no such byte.
func (t *T) split(at int, frames ...engine.Frame) bool {
	var all []byte
	for _, f := range frames {
		all = append(all, t.Conn.Encode(f)...)
	}
	if at >= len(all) {
		return false
	}
	t.twoWrites(all, at)
	if !t.all(expected(frames)) {
		t.text = fmt.Sprintf("Cut behind byte %d of %d: %s", at, len(all), t.text)
		return false
	}
	return true
}

func (t *T) twoWrites(p []byte, at int) {
	t.Conn.Raw(p[:at])
	t.Conn.Pause(splitPause)
	t.Conn.Raw(p[at:])
}

// expected are the events that an echo of frames has.
func expected(frames []engine.Frame) (all []engine.Event) {
	var m engine.Event
	for _, f := range frames {
		switch f.Opcode {
		case frame.Ping:
			all = append(all, gotPong(string(f.Payload)))
			continue
		case frame.Continuation:
			m.Data = append(m.Data, f.Payload...)
		default:
			m = engine.Event{Kind: engine.Message, Data: append([]byte(nil), f.Payload...), Binary: f.Opcode == frame.Binary}
		}
		if !f.More {
			all = append(all, m)
		}
	}
	return all
}

// all waits for events, and gives the verdict. Messages come in their order, and so
// do pongs, but a pong needn't wait for what is still to be said of a message.
func (t *T) all(want []engine.Event) bool {
	var messages, pongs []engine.Event
	for _, w := range want {
		if w.Kind == engine.Pong {
			pongs = append(pongs, w)
		} else {
			messages = append(messages, w)
		}
	}
	by := t.wait(5 * seconds)
	for i := range want {
		e := t.Conn.Receive(by)
		expected := &messages
		if e.Kind == engine.Pong {
			expected = &pongs
		}
		switch {
		case e.Kind == engine.Nothing:
			t.failf("Of %d messages and pongs that have to come back, %d came in time.", len(want), i)
			return false
		case e.Kind == engine.Closed || e.Kind == engine.Gone:
			t.failf("The connection ended when %d of %d messages and pongs had come back.", i, len(want))
			return false
		case len(*expected) == 0:
			t.failf("A %s %q came back that nobody asked for.", e.Kind, engine.Show(e.Data))
			return false
		case !e.Same((*expected)[0]):
			t.failf("A %s %q came back instead of %q.", e.Kind, engine.Show(e.Data), engine.Show((*expected)[0].Data))
			return false
		}
		*expected = (*expected)[1:]
	}
	t.okf("All came back as it was sent.")
	return true
}

// bytewiseClose is a step that begins the closing handshake one byte at a time.
type bytewiseClose string

func (b bytewiseClose) do(t *T) {
	t.Conn.Send(engine.Frame{Opcode: frame.Close, Payload: []byte(b), Chop: 1})
	t.Conn.CloseSent([]byte(b))
}
