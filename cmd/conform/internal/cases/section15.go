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
	return all
}
