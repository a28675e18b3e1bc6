package cases

import (
	"fmt"
	"strings"

	"hawser/websocket/cmd/conform/internal/data"
	"hawser/websocket/cmd/conform/internal/engine"
	"hawser/websocket/frame"
	"hawser/websocket/frame/deflate"
	"hawser/websocket/handshake"
)

// section15 is about what was agreed on being kept to (RFC 7692 section 7.1): the
// testee's messages are inflated with exactly the window that it may use, and
// without its context where it has to do without.
func section15() (all []*Case) {
	add := func(id, sends, wants string, n Negotiation, play func(*T)) {
		all = append(all, &Case{ID: id, Sends: sends, Wants: wants, Packed: true, Negotiate: n, End: normal, Play: play})
	}
	for bits := 8; bits <= 15; bits++ {
		add(fmt.Sprintf("15.1.%d", bits-7),
			fmt.Sprintf("messages that repeat what is just too far back for a window of %d bits", bits),
			fmt.Sprintf("The testee doesn't refer further back than %d bytes (RFC 7692 sections 7.1.2.1 and 7.1.2.2).", 1<<bits),
			Negotiation{
				Offer: fmt.Sprintf("%s; %s=%d", deflateName, serverWindow, bits),
				Accept: take(func(o offered, d *handshake.Deflate) bool {
					d.ClientWindowBits = bits
					return o.window && (o.ClientWindowBits == 0 || bits <= o.ClientWindowBits)
				}),
			},
			func(t *T) {
				r := t.random()
				for _, gap := range []int{0, 1, 258, 1024} { // between what is repeated, beyond the window
					again := data.Noise(r, 100)
					far := append(append(again[:100:100], data.Noise(r, 1<<bits-100+1+gap)...), again...)
					if !t.echo(frame.Binary, far) || !t.echo(frame.Binary, again) || !t.echo(frame.Binary, far[:1<<bits]) || !t.echo(frame.Binary, far) {
						return
					}
				}
			})
	}
	fresh := Negotiation{
		Offer:  deflateName + "; " + serverNoTakeover,
		Accept: take(func(o offered, d *handshake.Deflate) bool { d.ClientNoTakeover = true; return true }),
	}
	const alone = "The testee compresses each message without reference to earlier ones (RFC 7692 section 7.1.1)."
	add("15.2.1", "the same text message five times", alone, fresh, func(t *T) {
		p := data.Text(t.random(), 700)
		for range 5 {
			if !t.echo(frame.Text, p) {
				return
			}
		}
	})
	add("15.2.2", "messages of different sizes made of the same data", alone, fresh, func(t *T) {
		p := data.Noise(t.random(), 5000)
		for _, n := range []int{10, 100, 1000, 5000, 50, 2500, 5000, 1} {
			if !t.echo(frame.Binary, p[:n]) {
				return
			}
		}
	})
	add("15.2.3", "the same message in fragments, three times", alone, fresh, func(t *T) {
		p := data.Text(t.random(), 3000)
		for range 3 {
			t.Conn.Message(frame.Text, p, 100)
			if !t.echoes(t.wait(5*seconds), frame.Text, p) {
				return
			}
		}
	})
	plain := Negotiation{Offer: deflateName, Accept: take(nil)}
	add("15.3.1", "messages that refer to earlier ones", "They are inflated with the context of those (RFC 7692 section 7.2.2).", plain, func(t *T) {
		p := data.Noise(t.random(), 900)
		for i := range 10 {
			if !t.echo(frame.Binary, p[i*50:]) {
				return
			}
		}
	})
	add("15.3.2", "messages that refer as far back as was agreed on", "They are inflated: without a bound a window is 32 KiB (RFC 7692 section 7.1.2).", plain, func(t *T) {
		p := data.Noise(t.random(), 30000)
		for i := range 4 {
			if !t.echo(frame.Binary, p[i:]) {
				return
			}
		}
	})
	add("15.3.3", "many short messages, and then the first ones again", "They are inflated with the context of those.", plain, func(t *T) {
		r := t.random()
		var first []byte
		for i := range 300 {
			p := data.Text(r, 40)
			if i == 0 {
				first = p
			}
			if !t.echo(frame.Text, p) || i%100 == 99 && !t.echo(frame.Text, first) {
				return
			}
		}
	})
	add("15.3.4", "messages that don't refer to earlier ones, though they may", "They are inflated.", plain, func(t *T) {
		alone := deflate.NewEncoder(deflate.Config{WindowBits: 8})
		p := []byte(strings.Repeat("alone, ", 30))
		for range 5 {
			t.Conn.Send(engine.Frame{Opcode: frame.Text, Rsv: 4, Payload: alone.Append(nil, p)})
			if !t.echoes(t.wait(5*seconds), frame.Text, p) {
				return
			}
		}
	})
	for i, bits := range []int{15, 12, 9} {
		n := Negotiation{
			Offer: fmt.Sprintf("%s; %s=%d", deflateName, clientWindow, bits),
			Accept: take(func(o offered, d *handshake.Deflate) bool {
				d.ServerWindowBits = bits
				return o.ServerWindowBits == 0 || bits <= o.ServerWindowBits
			}),
		}
		add(fmt.Sprintf("15.3.%d", i+5), fmt.Sprintf("a message longer than a window of %d bits, and one that refers exactly as far back as it reaches", bits),
			"It's inflated (RFC 7692 section 7.1.2).", n, (*T).farBack)
	}
	return all
}

// farBack sends a message longer than the window that the suite may use, and one
// that refers to the window's first bytes.
func (t *T) farBack() {
	bits, takeover := t.Conn.Agreed.ClientWindowBits, !t.Conn.Agreed.ClientNoTakeover
	if t.Request != nil {
		bits, takeover = t.Conn.Agreed.ServerWindowBits, !t.Conn.Agreed.ServerNoTakeover
	}
	if !takeover {
		t.verdict(Unimplemented, "Without takeover there is nothing to refer to.")
		return
	}
	if bits == 0 {
		bits = 15
	}
	p := data.Noise(t.random(), 1<<bits+5000)
	t.Conn.Send(engine.Frame{Opcode: frame.Binary, Rsv: 4, Payload: storedBlock(p)})
	if !t.echoes(t.wait(5*seconds), frame.Binary, p) {
		return
	}
	t.Conn.Send(engine.Frame{Opcode: frame.Binary, Rsv: 4, Payload: farthest(bits)})
	t.echoes(t.wait(5*seconds), frame.Binary, p[5000:5010])
}

// storedBlock is a message as one stored block (RFC 1951 section 3.2.4).
func storedBlock(p []byte) []byte {
	n := len(p)
	return append(append([]byte{0, byte(n), byte(n >> 8), ^byte(n), ^byte(n >> 8)}, p...), 0)
}

// farthest is a message that repeats the 10 bytes which begin a window before it,
// in a block with fixed Huffman codes (RFC 1951 sections 3.2.5 and 3.2.6).
func farthest(bits int) []byte {
	var out []byte
	n := 0
	put := func(b int) {
		if n%8 == 0 {
			out = append(out, 0)
		}
		out[n/8] |= byte(b << (n % 8))
		n++
	}
	low := func(v, size int) { // from the lowest bit on
		for i := range size {
			put(v >> i & 1)
		}
	}
	code := func(v, size int) { // from the highest bit on
		for i := size - 1; i >= 0; i-- {
			put(v >> i & 1)
		}
	}
	low(0, 1)         // not the last block
	low(1, 2)         // fixed codes
	code(264-256, 7)  // 10 bytes
	code(2*bits-1, 5) // from a distance whose last value is the window
	low(-1, bits-2)   // and that value
	code(256-256, 7)  // the end of the block
	low(0, 3)         // an empty stored block, without its length
	return out
}
