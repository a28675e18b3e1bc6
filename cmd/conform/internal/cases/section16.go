package cases

import (
	"strings"

	"hawser/websocket/cmd/conform/internal/engine"
	"hawser/websocket/frame"
	"hawser/websocket/frame/deflate"
)

// Payloads of RFC 7692 section 7.2.3, all of which are "Hello".
const (
	fixedHello  = "\xf2\x48\xcd\xc9\xc9\x07\x00"
	storedHello = "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"
	finalHello  = "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"
	twoBlocks   = "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"
	againHello  = "\xf2\x00\x11\x00\x00" // refers to the message before
)

// section16 is about the form of compressed messages (RFC 7692 sections 6 and
// 7.2).
func section16() []*Case {
	const (
		back   = "The message comes back, inflated and compressed anew or not."
		refuse = "The connection is failed."
	)
	fixed := text(fixedHello).rsv(4)
	got := gotText("Hello")
	word := gotText(kosme)
	stored := "\x00" + string([]byte{byte(len(kosme)), 0, ^byte(len(kosme)), 0xff}) + kosme + "\x00"
	long := strings.Repeat("a long line of text that can be compressed well, ", 5000)
	packed := string(deflate.NewEncoder(deflate.Config{Level: deflate.Better}).Append(nil, []byte(long)))
	all := []*Case{
		{ID: "16.1.1", Sends: "a compressed message (RFC 7692 section 7.2.3.1)", Steps: steps(fixed), OK: events(got)},
		{ID: "16.1.2", Sends: "a compressed message in two fragments (RFC 7692 section 7.2.3.1)", Steps: steps(text(fixedHello[:3]).rsv(4).more(), cont(fixedHello[3:])), OK: events(got)},
		{ID: "16.1.3", Sends: "a message as a stored block (RFC 7692 section 7.2.3.3)", Steps: steps(text(storedHello).rsv(4)), OK: events(got)},
		{ID: "16.1.4", Sends: "a message whose block has BFINAL set (RFC 7692 section 7.2.3.4)", Steps: steps(text(finalHello).rsv(4)), OK: events(got)},
		{ID: "16.1.5", Sends: "a message of two blocks (RFC 7692 section 7.2.3.5)", Steps: steps(text(twoBlocks).rsv(4)), OK: events(got)},
		{ID: "16.1.6", Sends: "a message after one whose block has BFINAL set", Steps: steps(text(finalHello).rsv(4), fixed), OK: events(got, got)},
		{ID: "16.1.7", Sends: "an empty compressed message (RFC 7692 section 7.2.3.6)", Steps: steps(text("\x00").rsv(4)), OK: events(gotText(""))},
		{ID: "16.1.8", Sends: "an empty compressed binary message between two that aren't empty", Steps: steps(fixed, binary("\x00").rsv(4), fixed), OK: events(got, gotBinary(""), got)},
		{ID: "16.1.9", Sends: "a compressed message whose first and last fragments are empty", Steps: steps(text("").rsv(4).more(), cont(fixedHello).more(), cont("")), OK: events(got)},
		{ID: "16.1.10", Sends: "a compressed message in fragments of one byte", Steps: steps(bytewise(fixedHello, 4)...), OK: events(got)},
		{ID: "16.1.11", Sends: "a compressed message, one byte at a time", Steps: steps(fixed.chop(1)), OK: events(got)},
		{ID: "16.1.12", Sends: "a ping between compressed fragments", Steps: steps(text(fixedHello[:2]).rsv(4).more(), ping(pinged), cont(fixedHello[2:])), OK: events(gotPong(pinged), got)},
		{ID: "16.1.13", Sends: "pings and a pong between compressed fragments, in a write each", Steps: steps(text(fixedHello[:1]).rsv(4).more().alone(), ping("1").alone(), cont(fixedHello[1:4]).more().alone(), pong("").alone(), ping("2").alone(), cont(fixedHello[4:]).alone()), OK: events(gotPong("1"), gotPong("2"), got)},
		{ID: "16.1.14", Sends: "a message that isn't compressed between two that are", Steps: steps(fixed, text(hello), fixed), OK: events(got, gotText(hello), got)},
		{ID: "16.1.15", Sends: "text with a character cut by fragments of a stored block", Steps: steps(bytewise(stored, 4)...), OK: events(word)},
		{ID: "16.1.16", Sends: "a message of 240 KiB with a dynamic Huffman code, in fragments of 100 bytes", Steps: steps(fragments(packed, 100)...), OK: events(gotText(long))},
		{ID: "16.1.17", Sends: "a message that refers to the one before, if that was agreed on (RFC 7692 section 7.2.3.2)", Play: func(t *T) {
			t.Conn.Send(engine.Frame(fixed))
			if !t.echoes(t.wait(5*seconds), frame.Text, []byte("Hello")) {
				return
			}
			second := againHello
			if d := t.Conn.Agreed; t.Request == nil && d.ClientNoTakeover || t.Request != nil && d.ServerNoTakeover {
				second = fixedHello
			}
			t.Conn.Send(engine.Frame{Opcode: frame.Text, Rsv: 4, Payload: []byte(second)})
			t.echoes(t.wait(5*seconds), frame.Text, []byte("Hello"))
		}},
	}
	for _, c := range all {
		c.Wants, c.End, c.Wait = back, normal, 5*seconds
	}
	bad := []*Case{
		{ID: "16.2.1", Sends: "RSV1 on the second fragment of a compressed message", Steps: steps(text(fixedHello[:3]).rsv(4).more(), cont(fixedHello[3:]).rsv(4)), Wants: "Only the first has it (RFC 7692 section 6)."},
		{ID: "16.2.2", Sends: "RSV1 on the second fragment of a message that isn't compressed", Steps: steps(text("Hel").more(), cont(fixedHello).rsv(4)), Wants: "Only the first has it (RFC 7692 section 6)."},
		{ID: "16.2.3", Sends: "a ping with RSV1", Steps: steps(ping("").rsv(4)), Wants: "Control frames are not compressed (RFC 7692 section 6.1)."},
		{ID: "16.2.4", Sends: "a Close frame with RSV1", Steps: steps(opcode(8, code).rsv(4)), Wants: "Control frames are not compressed (RFC 7692 section 6.1)."},
		{ID: "16.2.5", Sends: "a compressed message with RSV2 as well", Steps: steps(text(fixedHello).rsv(6)), Wants: "Nothing gives RSV2 a meaning (RFC 6455 section 5.2)."},
		{ID: "16.2.6", Sends: "a compressed message with RSV3 as well", Steps: steps(text(fixedHello).rsv(5)), Wants: "Nothing gives RSV3 a meaning (RFC 6455 section 5.2)."},
		{ID: "16.2.7", Sends: "a block of the reserved type 3", Steps: steps(binary("\x06\x00").rsv(4)), Wants: "It can't be inflated (RFC 1951 section 3.2.3)."},
		{ID: "16.2.8", Sends: "a block with fixed codes that is marked with the reserved type 3", Steps: steps(text("\xf6" + fixedHello[1:]).rsv(4)), Wants: "It can't be inflated (RFC 1951 section 3.2.3)."},
		{ID: "16.2.9", Sends: "a block with dynamic codes that is marked with the reserved type 3", Steps: steps(text(string([]byte{packed[0] | 6}) + packed[1:]).rsv(4)), Wants: "It can't be inflated (RFC 1951 section 3.2.3)."},
		{ID: "16.2.10", Sends: "a reference to before the first message", Steps: steps(text(againHello).rsv(4)), Wants: "It can't be inflated (RFC 1951 section 3.2.5)."},
		{ID: "16.2.11", Sends: "a stored block whose length and its complement differ", Steps: steps(binary("\x00\x05\x00\x00\x00Hello\x00").rsv(4)), Wants: "It can't be inflated (RFC 1951 section 3.2.4)."},
		{ID: "16.2.12", Sends: "a stored block that is cut short", Steps: steps(binary("\x00\x05\x00\xfa\xffHe").rsv(4)), Wants: "It can't be inflated."},
		{ID: "16.2.13", Sends: "compressed text that is not UTF-8", Steps: steps(text("\x00\x02\x00\xfd\xff\xc3\x28\x00").rsv(4)), Wants: "Text is UTF-8 when inflated (RFC 6455 section 8.1)."},
		{ID: "16.2.14", Sends: "compressed text whose last character is cut off", Steps: steps(text("\x00\x01\x00\xfe\xff\xc3\x00").rsv(4)), Wants: "Text is UTF-8 when inflated (RFC 6455 section 8.1)."},
	}
	for i, c := range bad {
		send := c.Steps
		c.Wants, c.Steps = refuse+" "+c.Wants, nil
		c.Play = func(t *T) {
			for _, s := range send {
				s.do(t)
			}
			t.fails()
		}
		if c.End = fails(1002); i >= 6 {
			c.End = fails(1002, 1007) // RFC 7692 has no code for it
		}
		if i >= 12 {
			c.End = fails(1007)
		}
	}
	all = append(all, bad...)
	for _, c := range all {
		c.Packed, c.Negotiate = true, Negotiation{Offer: deflateName, Accept: take(nil)}
	}
	return append(all, &Case{
		ID: "16.3.1", Sends: "a compressed message, though nothing was agreed on", Wants: refuse + " RSV1 has no meaning then (RFC 6455 section 5.2).", End: fails(1002),
		Play: func(t *T) {
			fixed.do(t)
			t.fails()
		},
	})
}

// bytewise are the frames of a text message in fragments of one byte.
func bytewise(p string, rsv byte) []Step { return cut(p, 1, rsv) }

// fragments are the frames of a compressed text message.
func fragments(p string, size int) []Step { return cut(p, size, 4) }

func cut(p string, size int, rsv byte) (all []Step) {
	for op := frame.Text; len(p) > 0; op, rsv = frame.Continuation, 0 {
		n := min(size, len(p))
		all = append(all, send{Opcode: op, Rsv: rsv, Payload: []byte(p[:n]), More: n < len(p)})
		p = p[n:]
	}
	return all
}
