package cases

import (
	"fmt"
	"strings"

	"hawser/websocket/cmd/conform/internal/engine"
	"hawser/websocket/frame"
)

// section19 is about how soon a connection is failed: by the first bytes that
// can't be right, and not by the end of the frame or the message they are in. The
// RFC recommends it for text (RFC 6455 section 8.1) and memory is at stake for the
// rest. The result tells the time until the close.
func section19() (all []*Case) {
	add := func(group int, sends string, only Testee, first []engine.Frame, wrong engine.Frame, cut int) {
		n := 1
		for _, c := range all {
			if strings.HasPrefix(c.ID, fmt.Sprintf("19.%d.", group)) {
				n++
			}
		}
		allowed := []int{1002}
		if group == 2 {
			allowed = []int{1007}
		}
		all = append(all, &Case{
			ID: fmt.Sprintf("19.%d.%d", group, n), Sends: sends, Only: only, End: fails(allowed...),
			Wants: "The connection is failed within a second, without waiting for the rest.",
			Play: func(t *T) {
				for _, f := range first {
					t.Conn.Send(f)
				}
				p := t.Conn.Encode(wrong)
				at := len(p) - len(wrong.Payload) + cut // a part of the payload
				t.Conn.Raw(p[:at])
				if t.failed(second) {
					return
				}
				t.Conn.Raw(p[at:])
				if t.failed(second) {
					if t.behavior == OK {
						t.nonStrictf("The connection was failed only when the frame was complete.")
					}
					return
				}
				t.Conn.Kill()
				t.failf("The connection was not failed, not even by the whole frame.")
			},
		})
	}
	rest := []byte(strings.Repeat("*", 200))
	begun := []engine.Frame{{Opcode: frame.Text, Payload: []byte("first"), More: true}}
	const header = "the header of "
	add(1, header+"a ping of 126 bytes", Both, nil, engine.Frame{Opcode: frame.Ping, Payload: rest[:126]}, 0)
	add(1, header+"a ping that isn't final", Both, nil, engine.Frame{Opcode: frame.Ping, Payload: rest[:100], More: true}, 0)
	add(1, header+"a Close frame of 126 bytes", Both, nil, engine.Frame{Opcode: frame.Close, Payload: []byte(code + string(rest[:124]))}, 0)
	add(1, header+"a text message with RSV2", Both, nil, engine.Frame{Opcode: frame.Text, Payload: rest, Rsv: 2}, 0)
	add(1, header+"a ping with RSV1", Both, nil, engine.Frame{Opcode: frame.Ping, Payload: rest[:10], Rsv: 4}, 0)
	add(1, header+"a frame with opcode 3", Both, nil, engine.Frame{Opcode: 3, Payload: rest}, 0)
	add(1, header+"a frame with opcode 11", Both, nil, engine.Frame{Opcode: 11, Payload: rest[:100]}, 0)
	add(1, header+"a continuation of nothing", Both, nil, engine.Frame{Opcode: frame.Continuation, Payload: rest}, 0)
	add(1, header+"a text message inside of one", Both, begun, engine.Frame{Opcode: frame.Text, Payload: rest}, 0)
	add(1, header+"a message of 100 bytes whose length takes two bytes more than one", Both, nil, engine.Frame{Opcode: frame.Binary, Payload: rest[:100], Form: 2}, 0)
	add(1, header+"a frame that isn't masked", Servers, nil, engine.Frame{Opcode: frame.Text, Payload: rest, WrongMask: true}, 0)
	add(1, header+"a frame that is masked", Clients, nil, engine.Frame{Opcode: frame.Text, Payload: rest, WrongMask: true}, 0)
	for _, bad := range []string{"\xff", "\xc0", "\xc1", "\x80", "\xf5", "\xe0\x9f", "\xed\xa0", "\xf0\x8f", "\xf4\x90", "\xc3(", "\xe2\x82(", "\xf0\x9f\x98("} {
		add(2, fmt.Sprintf("the first bytes % x of a text message of one frame", bad), Both, nil,
			engine.Frame{Opcode: frame.Text, Payload: []byte(bad + string(rest))}, len(bad))
	}
	for _, before := range []int{1, 4, 100, 5000} {
		valid := strings.Repeat("a", before)
		add(2, fmt.Sprintf("%d bytes of a text message of one frame, and ff", before), Both, nil,
			engine.Frame{Opcode: frame.Text, Payload: []byte(valid + "\xff" + string(rest))}, before+1)
	}
	add(2, "a fragment, and the first byte of another, which is ff", Both, begun, engine.Frame{Opcode: frame.Continuation, Payload: []byte("\xff" + string(rest))}, 1)
	add(2, "a fragment that ends inside of a character, and the first byte of another, which doesn't go on with it", Both,
		[]engine.Frame{{Opcode: frame.Text, Payload: []byte("first\xe2\x82"), More: true}}, engine.Frame{Opcode: frame.Continuation, Payload: []byte("(" + string(rest))}, 1)
	return all
}
