package cases

import (
	"fmt"
	"strings"

	"hawser/websocket/cmd/conform/internal/data"
	"hawser/websocket/cmd/conform/internal/engine"
	"hawser/websocket/frame"
)

// section17 is about frame headers: lengths in their shortest form, and masks
// (RFC 6455 sections 5.1, 5.2 and 5.3).
func section17() (all []*Case) {
	bad := func(id, sends, wants string, only Testee, f engine.Frame) {
		end := fails(1002)
		if f.Announce > 0 {
			end = fails(1002, 1009) // it's too long as well
		}
		all = append(all, &Case{
			ID: id, Sends: sends, Wants: "The connection is failed: " + wants + ".", Only: only, End: end,
			Play: func(t *T) {
				t.Conn.Send(f)
				t.fails()
			},
		})
	}
	const shortest = "a length is in its shortest form (RFC 6455 section 5.2)"
	n := 0
	for _, row := range []struct{ form, size int }{{2, 0}, {2, 5}, {2, 125}, {8, 0}, {8, 5}, {8, 125}, {8, 126}, {8, 65535}} {
		n++
		bad(fmt.Sprintf("17.1.%d", n), fmt.Sprintf("a text message of %d bytes whose length takes %d bytes more than one", row.size, row.form), shortest, Both,
			engine.Frame{Opcode: frame.Text, Payload: []byte(strings.Repeat("*", row.size)), Form: row.form})
	}
	for _, op := range []frame.Opcode{frame.Ping, frame.Pong, frame.Close} {
		for _, form := range []int{2, 8} {
			n++
			bad(fmt.Sprintf("17.1.%d", n), fmt.Sprintf("a %v frame of 4 bytes whose length takes %d bytes more than one", op, form), shortest, Both,
				engine.Frame{Opcode: op, Payload: []byte(code + "ok"), Form: form})
		}
	}
	for i, length := range []uint64{1 << 63, 1<<63 | 5, 1<<64 - 1} {
		bad(fmt.Sprintf("17.2.%d", i+1), fmt.Sprintf("a text message with the length %#x", length), "the highest bit of a length is 0 (RFC 6455 section 5.2)", Both,
			engine.Frame{Opcode: frame.Text, Payload: []byte("Hello"), Form: 8, Announce: length})
	}
	for i, length := range []uint64{1<<63 - 1, 1 << 40} {
		all = append(all, &Case{
			ID: fmt.Sprintf("17.2.%d", i+4), Sends: fmt.Sprintf("5 bytes of a text message with the length %#x", length), End: anyEnd,
			Wants: "The connection is failed, best with 1009. To wait for the rest is allowed, but not recommended (RFC 6455 section 10.4).",
			Play: func(t *T) {
				t.Conn.Send(engine.Frame{Opcode: frame.Text, Payload: []byte("Hello"), Form: 8, Announce: length})
				if !t.failed(second) {
					t.Conn.Kill()
					t.nonStrictf("The testee waits for the rest.")
				}
			},
		})
	}
	for i, f := range []engine.Frame{
		{Opcode: frame.Text, Payload: []byte(hello)}, {Opcode: frame.Binary}, {Opcode: frame.Ping, Payload: []byte(pinged)},
		{Opcode: frame.Pong}, {Opcode: frame.Close, Payload: []byte(code)},
	} {
		f.WrongMask = true
		bad(fmt.Sprintf("17.3.%d", i+1), fmt.Sprintf("a %v frame that is not masked", f.Opcode), "clients mask all frames (RFC 6455 section 5.1)", Servers, f)
		bad(fmt.Sprintf("17.4.%d", i+1), fmt.Sprintf("a %v frame that is masked", f.Opcode), "servers mask no frame (RFC 6455 section 5.1)", Clients, f)
	}
	all = append(all,
		&Case{ID: "17.3.6", Sends: "a text message masked with the key 0", Wants: "It comes back.", Only: Servers, End: normal, Wait: second,
			Steps: steps(send{Opcode: frame.Text, Payload: []byte(hello), ZeroKey: true}), OK: events(gotText(hello))},
		&Case{ID: "17.4.6", Sends: "50 messages, one after another", Wants: "They come back masked with keys that are always new and can't be foretold (RFC 6455 section 5.3).", Only: Clients, End: normal,
			Play: func(t *T) {
				for range 50 {
					if !t.echo(frame.Binary, data.Noise(t.random(), 20)) {
						return
					}
				}
				t.keys()
			}},
		&Case{ID: "17.5.1", Sends: "text and binary messages of all sizes at which headers change", Wants: "They come back with headers as they have to be.", End: normal,
			Play: func(t *T) {
				r := t.random()
				for _, size := range []int{0, 1, 2, 124, 125, 126, 127, 128, 255, 256, 257, 65534, 65535, 65536, 65537} {
					if !t.echo(frame.Binary, data.Noise(r, size)) || !t.echo(frame.Text, []byte(strings.Repeat("a", size))) {
						return
					}
				}
			}},
	)
	return all
}

// keys judges the masking keys of a client.
func (t *T) keys() {
	keys := t.Conn.Keys()
	seen, steps := map[[4]byte]bool{}, map[uint32]bool{}
	for i, k := range keys {
		if seen[k] {
			t.failf("The key %x was used twice in %d frames.", k, len(keys))
			return
		}
		seen[k] = true
		if i > 0 {
			steps[number(k)-number(keys[i-1])] = true
		}
	}
	if len(steps) < len(keys)/2 {
		t.failf("The keys of %d frames grow by %d different steps only.", len(keys), len(steps))
	}
}

func number(k [4]byte) uint32 {
	return uint32(k[0])<<24 | uint32(k[1])<<16 | uint32(k[2])<<8 | uint32(k[3])
}
