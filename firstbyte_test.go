package websocket_test

import (
	"fmt"
	"testing"

	"hawser/websocket"
	"hawser/websocket/frame"
)

// TestFirstBytes is lines F6 to F9 to the last case: whatever the first byte of a
// frame, in a message and outside of one, with and without a payload.
func TestFirstBytes(t *testing.T) {
	t.Parallel()
	for _, role := range []frame.Role{frame.Client, frame.Server} {
		for _, deflated := range []bool{false, true} {
			for _, inMessage := range []bool{false, true} {
				t.Run(fmt.Sprintf("%v/deflated=%v/inMessage=%v", role, deflated, inMessage), func(t *testing.T) {
					t.Parallel()
					for first := range 256 {
						for _, payload := range []string{"", "\x00"} {
							h := frame.Header{Fin: first&0x80 != 0, Rsv: byte(first) & 0x70, Opcode: frame.Opcode(first & 0xF)}
							got := answerTo(t, role, deflated, inMessage, h, payload)
							want := allowed(h, deflated, inMessage)
							if h.Opcode == frame.Close && len(payload) == 1 { // line K1
								want = false
							}
							if got != want {
								t.Errorf("first byte %#02x, %d bytes: allowed %v; want %v", first, len(payload), got, want)
							}
						}
					}
				})
			}
		}
	}
}

// allowed is RFC 6455 sections 5.2, 5.4 and 5.5, and RFC 7692 section 6.
func allowed(h frame.Header, deflated, inMessage bool) bool {
	data := h.Opcode == frame.Text || h.Opcode == frame.Binary
	switch {
	case h.Rsv != 0 && !(h.Rsv == frame.Rsv1 && deflated && data):
		return false
	case h.Opcode == frame.Continuation:
		return inMessage
	case data:
		return !inMessage
	case h.Opcode == frame.Ping, h.Opcode == frame.Pong, h.Opcode == frame.Close:
		return h.Fin
	}
	return false
}

// answerTo reports whether the frame was let pass.
func answerTo(t *testing.T, role frame.Role, deflated, inMessage bool, h frame.Header, payload string) bool {
	a, b := websocket.NewPipe()
	setup := websocket.Setup{Role: role}
	if deflated {
		setup.Deflate = &noTakeover
	}
	p := &peer{t: t, role: role}
	if inMessage {
		b.Write(p.bytes(more(bin), "x"))
	}
	b.Write(p.bytes(h, payload))
	b.(interface{ CloseWrite() error }).CloseWrite()
	c := websocket.NewConn(a, setup, websocket.Config{CloseTimeout: 1})
	for {
		if _, _, err := c.Read(ctx); err != nil {
			closeError(t, err)
			b.Close()
			<-c.Done()
			switch code(err) {
			case 0:
				return true
			case frame.CodeProtocolError:
				return false
			}
			t.Errorf("%+v: %v", h, err)
			return false
		}
	}
}
