package cases

import (
	"fmt"
	"strings"

	"hawser/websocket/cmd/conform/internal/data"
	"hawser/websocket/cmd/conform/internal/engine"
	"hawser/websocket/frame"
)

// section22 is about ends: closing handshakes with more going on (RFC 6455
// sections 5.5.1 and 7), and transports that end in other ways.
func section22() (all []*Case) {
	const completes = "The closing handshake is completed"
	for i, n := range []int{1012, 1013, 1014} {
		all = append(all, &Case{ID: fmt.Sprintf("22.1.%d", i+1), Sends: fmt.Sprintf("a Close frame with the code %d", n), Wants: completes + ", with the same code or 1000 (it's registered, RFC 6455 section 11.7).",
			Steps: steps(closing(closeCode(n))), OK: nothing, Wait: second, End: Ending{Clean: true, Codes: []int{1000, n}, WrongCodeFails: true}})
	}
	refused := Ending{Codes: []int{1002}, WrongCodeFails: true}
	longReason := code + strings.Repeat("€", 41)
	all = append(all,
		&Case{ID: "22.1.4", Sends: "a Close frame with the code 1015, which must not be sent", Wants: "It's answered with 1002, or the transport closed (RFC 6455 section 7.4.1).", Steps: steps(closing(closeCode(1015))), OK: nothing, Wait: second, End: refused},
		&Case{ID: "22.1.5", Sends: "a Close frame with a reason of 41 characters of three bytes", Wants: completes + ".", Steps: steps(closing(longReason)), OK: nothing, Wait: second, End: Ending{Clean: true, Codes: []int{1000}, WrongCodeFails: true}},
		&Case{ID: "22.1.6", Sends: "a Close frame with a reason whose last character is cut off", Wants: "It's answered with 1002 or 1007, or the transport closed (RFC 6455 section 8.1).", Steps: steps(closing(longReason[:len(longReason)-1])), OK: nothing, Wait: second, End: Ending{Codes: []int{1002, 1007}, WrongCodeFails: true}},
	)
	for i, row := range []struct{ sends, payload string }{
		{"a Close frame with the code 1005, which stands for none", closeCode(1005)},
		{"a Close frame with the code 1006, which stands for no frame", closeCode(1006)},
		{"a Close frame of one byte", "a"},
	} {
		all = append(all, &Case{ID: fmt.Sprintf("22.1.%d", i+7), Sends: row.sends, End: anyEnd,
			Wants: "It's answered with 1002, or the transport closed. To answer without a code is to take it for an empty one (RFC 6455 sections 5.5.1 and 7.4.1).",
			Play: func(t *T) {
				t.Conn.Close([]byte(row.payload))
				if !t.ends() {
					return
				}
				if code := t.Conn.End.RemoteCode; t.Conn.Answered() && code != 1002 {
					t.failf("It was answered with the code %d (-1 is none).", code)
					return
				}
				t.okf("It was refused.")
			}})
	}
	clean := func(id, sends, wants string, play func(*T)) {
		all = append(all, &Case{ID: id, Sends: sends, Wants: wants, End: normal, Play: play})
	}
	clean("22.2.1", "a message and a Close frame in one write", "The message comes back before "+strings.ToLower(completes)+". To leave it out is allowed, but not recommended (RFC 6455 section 5.5.1).", func(t *T) {
		t.Conn.Send(engine.Frame{Opcode: frame.Text, Payload: []byte(hello)})
		t.Conn.CloseWith(1000)
		if t.closed() && t.behavior == OK {
			if len(t.received) == 0 {
				t.nonStrictf("The message did not come back.")
			} else if !same(t.received, events(gotText(hello))) {
				t.failf("Something else came back.")
			}
		}
	})
	clean("22.2.2", "200 messages and a Close frame, without waiting", completes+", and of the messages the first ones come back in their order.", func(t *T) {
		var want []engine.Event
		for i := range 200 {
			p := strings.Repeat(fmt.Sprintf("message %d ", i), 50)
			t.Conn.Send(engine.Frame{Opcode: frame.Text, Payload: []byte(p)})
			want = append(want, gotText(p))
		}
		t.Conn.CloseWith(1000)
		if t.closed() && (len(t.received) > 200 || !same(t.received, want[:len(t.received)])) {
			t.failf("Something else came back than what was sent.")
		}
		t.received = nil // they say nothing that isn't said
	})
	clean("22.2.3", "a Close frame, and then messages, pings and another Close frame", "Nothing comes behind the Close frame that answers the first (RFC 6455 section 5.5.1).", func(t *T) {
		t.Conn.CloseWith(1000)
		for range 20 {
			t.Conn.Send(engine.Frame{Opcode: frame.Text, Payload: []byte(hello)})
			t.Conn.Send(engine.Frame{Opcode: frame.Ping, Payload: []byte(pinged)})
		}
		t.Conn.Send(engine.Frame{Opcode: frame.Close, Payload: []byte(code)})
		if t.closed() && len(t.received) > 0 {
			t.failf("What came behind the Close frame was answered.")
		}
	})
	clean("22.2.4", "a message of 1 MiB, and a Close frame when the first of it may be coming back", completes+", whatever it interrupts.", func(t *T) {
		t.Conn.Send(engine.Frame{Opcode: frame.Binary, Payload: data.Noise(t.random(), 1<<20-100), Flush: true})
		t.Conn.CloseWith(1000)
		t.closed()
		t.received = nil
	})
	clean("22.2.5", "a Close frame between fragments of a compressed message", completes+".", func(t *T) {
		t.Conn.Send(engine.Frame{Opcode: frame.Text, Rsv: 4, Payload: []byte(fixedHello[:3]), More: true})
		t.Conn.CloseWith(1000)
		t.closed()
	})
	all[len(all)-1].Negotiate, all[len(all)-1].Packed = Negotiation{Offer: deflateName, Accept: take(nil)}, true
	clean("22.2.6", "pings until a Close frame", completes+", and nothing comes behind it.", func(t *T) {
		for i := range 50 {
			t.Conn.Send(engine.Frame{Opcode: frame.Ping, Payload: fmt.Appendf(nil, "%d", i)})
		}
		t.Conn.CloseWith(1000)
		t.closed()
		t.received = nil
	})

	half := func(id, sends string, want []engine.Event, send func(t *T)) {
		all = append(all, &Case{ID: id, Sends: sends + ", and then the end of the suite's direction", End: anyEnd,
			Wants: "What was complete is answered, and the transport closed within a second.",
			Play: func(t *T) {
				send(t)
				if !t.Conn.CloseWrite() {
					t.verdict(Unimplemented, "The transport can't be closed in one direction.")
					return
				}
				if !t.over() && !t.ends() {
					return
				}
				if t.Conn.Closing() && !t.Conn.Ended() {
					t.closed()
				}
				switch {
				case t.Conn.End.Breach != "":
					t.failf("The testee did something else.")
				case !same(t.received, want) && len(t.received) == 0:
					t.nonStrictf("What was complete was not answered.")
				case !same(t.received, want):
					t.failf("Something else came back.")
				default:
					t.okf("The transport was closed.")
				}
			}})
	}
	half("22.3.1", "nothing", nothing, func(*T) {})
	half("22.3.2", "a message", events(gotText(hello)), func(t *T) {
		t.Conn.Send(engine.Frame{Opcode: frame.Text, Payload: []byte(hello)})
	})
	half("22.3.3", "a ping and the header of a message", events(gotPong(pinged)), func(t *T) {
		t.Conn.Send(engine.Frame{Opcode: frame.Ping, Payload: []byte(pinged)})
		t.Conn.Raw(t.Conn.Encode(engine.Frame{Opcode: frame.Text, Payload: []byte(hello)})[:6])
	})
	half("22.3.4", "a fragment", nothing, func(t *T) {
		t.Conn.Send(engine.Frame{Opcode: frame.Text, Payload: []byte(hello), More: true})
	})
	half("22.3.5", "a Close frame", nothing, func(t *T) { t.Conn.CloseWith(1000) })

	survives := func(id, sends string, end func(t *T)) {
		all = append(all, &Case{ID: id, Sends: sends, Wants: "The server serves the next connection.", Only: Servers, End: normal, Play: func(t *T) {
			end(t)
			t.Conn.Finish(func(engine.Event) {})
			if t.Open() {
				t.echo(frame.Text, []byte(hello))
			}
		}})
	}
	survives("22.4.1", "a part of a message, and a reset of the transport", func(t *T) {
		t.Conn.Raw(t.Conn.Encode(engine.Frame{Opcode: frame.Text, Payload: []byte(hello)})[:9])
		t.Conn.Reset()
	})
	survives("22.4.2", "a large message, and a reset of the transport while it may be coming back", func(t *T) {
		t.Conn.Send(engine.Frame{Opcode: frame.Binary, Payload: data.Noise(t.random(), 1<<20-100), Flush: true})
		t.Conn.Reset()
	})
	survives("22.4.3", "random bytes instead of frames", func(t *T) {
		t.Conn.Raw(data.Noise(t.random(), 4000))
		t.ends()
	})
	survives("22.4.4", "nothing but a reset of the transport", func(t *T) { t.Conn.Reset() })
	return all
}

// closed waits for the testee's Close frame, and for a server's end behind it, and
// gives the verdict: nothing may come behind the frame.
func (t *T) closed() bool {
	for by := t.wait(5 * seconds); ; {
		switch e := t.next(by); e.Kind {
		case engine.Nothing:
			t.failf("The Close frame was not answered in time.")
			return false
		case engine.Gone:
			t.failf("The transport ended without a Close frame.")
			return false
		case engine.Closed:
			t.Conn.Finish(t.receive)
			if n := t.Conn.End.AfterClose; n > 0 {
				t.failf("%d frames came behind the testee's Close frame.", n)
				return false
			}
			t.okf("The closing handshake was completed.")
			return true
		}
	}
}

// ends waits for the testee to close, and takes note of what comes before.
func (t *T) ends() bool {
	for by := t.wait(second); ; {
		switch e := t.next(by); e.Kind {
		case engine.Nothing:
			t.Conn.Kill()
			t.failf("The transport was not closed within a second.")
			return false
		case engine.Gone, engine.Closed:
			return true
		}
	}
}
