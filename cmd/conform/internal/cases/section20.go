package cases

import (
	"fmt"
	"strings"
	"time"

	"hawser/websocket/cmd/conform/internal/data"
	"hawser/websocket/cmd/conform/internal/engine"
	"hawser/websocket/frame"
)

// section20 looks at the content of what comes back, which section 9 doesn't.
func section20() (all []*Case) {
	add := func(sends string, play func(*T)) {
		all = append(all, &Case{
			ID: fmt.Sprintf("20.1.%d", len(all)+1), Sends: sends, Wants: "All comes back byte for byte, in its order.",
			End: normal, Limit: 30 * time.Second, Play: play,
		})
	}
	const size = 1<<20 - 100 // below the limit that many have
	for _, n := range []int{1000, 65536, size} {
		add(fmt.Sprintf("a random binary message of %d bytes", n), func(t *T) { t.echo(frame.Binary, data.Noise(t.random(), n)) })
		add(fmt.Sprintf("a random text message of about %d bytes", n), func(t *T) { t.echo(frame.Text, data.Text(t.random(), n)) })
	}
	for _, fragment := range []int{1000, 4096} {
		add(fmt.Sprintf("a random binary message of %d bytes in fragments of %d", size, fragment), func(t *T) {
			p := data.Noise(t.random(), size)
			t.Conn.Message(frame.Binary, p, fragment)
			t.echoes(t.wait(10*seconds), frame.Binary, p)
		})
	}
	add("random messages of all sizes up to 300 bytes", func(t *T) {
		r := t.random()
		for n := range 300 {
			if !t.echo(frame.Binary, data.Noise(r, n)) {
				return
			}
		}
	})
	add("200 random messages in random fragments, with pings between them", func(t *T) {
		r := t.random()
		for range 200 {
			op, p := frame.Binary, data.Noise(r, r.IntN(5000))
			if r.IntN(2) == 0 {
				op, p = frame.Text, data.Text(r, r.IntN(5000))
			}
			var frames []engine.Frame
			for op, rest := op, p; ; op = frame.Continuation {
				n := r.IntN(len(rest) + 1)
				if r.IntN(4) == 0 {
					n = len(rest)
				}
				last := n == len(rest) && r.IntN(3) > 0
				frames = append(frames, engine.Frame{Opcode: op, Payload: rest[:n], More: !last, Flush: r.IntN(3) == 0})
				if rest = rest[n:]; last {
					break
				}
				if r.IntN(3) == 0 {
					frames = append(frames, engine.Frame{Opcode: frame.Ping, Payload: data.Noise(r, r.IntN(126))})
				}
			}
			for _, f := range frames {
				t.Conn.Send(f)
			}
			if !t.all(expected(frames)) {
				return
			}
		}
	})
	add("1000 random messages without waiting for any", func(t *T) {
		r := t.random()
		var want []engine.Event
		for range 1000 {
			p := data.Text(r, r.IntN(1000))
			t.Conn.Send(engine.Frame{Opcode: frame.Text, Payload: p})
			want = append(want, gotText(string(p)))
		}
		t.all(want)
	})
	add("100 random messages of up to 64 KiB without waiting for any", func(t *T) {
		r := t.random()
		var want []engine.Event
		for range 100 {
			p := data.Noise(r, r.IntN(65536))
			t.Conn.Send(engine.Frame{Opcode: frame.Binary, Payload: p, Flush: true})
			want = append(want, gotBinary(string(p)))
		}
		t.all(want)
	})
	return append(all, longTexts()...)
}

// longTexts are texts that are not UTF-8: long enough for the ways in which many
// bytes are looked at together, and cut at every byte for those in which what is
// cut is remembered.
func longTexts() (all []*Case) {
	const wants = "The connection is failed with 1007, or ended: the text is not UTF-8 (RFC 6455 section 8.1)."
	for i, bad := range []string{
		"\xff", "\xc0\x80", "\xc1\xbf", "\x80", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
		"\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xe2\x82\xac\x80", "\xbf\xbf",
	} {
		before, behind := strings.Repeat("é€\U0001f600a", 20), strings.Repeat("a€", 30)
		at := 7 * (i % 4) // in a different place of whatever looks at 16 or 32 bytes
		all = append(all,
			&Case{ID: fmt.Sprintf("20.2.%d", i+1), Sends: fmt.Sprintf("text of about 300 bytes with % x somewhere in it", bad), Wants: wants, End: fails(1007), Play: func(t *T) {
				t.Conn.Send(engine.Frame{Opcode: frame.Text, Payload: []byte("aaaaaaaaaaaaaaaaaaaaa"[:at] + before + bad + behind)})
				t.fails()
			}},
			&Case{ID: fmt.Sprintf("20.3.%d", i+1), Sends: fmt.Sprintf("text with % x in it, in fragments of one byte", bad), Wants: wants, End: fails(1007), Play: func(t *T) {
				t.Conn.Message(frame.Text, []byte("é"+bad+"é"), 1)
				t.fails()
			}},
			&Case{ID: fmt.Sprintf("20.4.%d", i+1), Sends: fmt.Sprintf("text with % x at its end, one byte at a time", bad), Wants: wants, End: fails(1007), Play: func(t *T) {
				t.Conn.Send(engine.Frame{Opcode: frame.Text, Payload: []byte("é" + bad), Chop: 1})
				t.fails()
			}})
	}
	return all
}
