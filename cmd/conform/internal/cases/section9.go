package cases

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"hawser/websocket/cmd/conform/internal/engine"
	"hawser/websocket/frame"
)

// section9 is about long messages, many fragments, and many messages. Like
// Autobahn's it looks at the type and the length of what comes back; section 20
// looks at the content.
func section9() (all []*Case) {
	const kib, mib = 1 << 10, 1 << 20
	add := func(group int, wait int, sends string, op frame.Opcode, size int, play func(*T)) {
		n := 1
		for _, c := range all {
			if strings.HasPrefix(c.ID, fmt.Sprintf("9.%d.", group)) {
				n++
			}
		}
		limit := time.Duration(wait) * time.Second
		all = append(all, &Case{
			ID: fmt.Sprintf("9.%d.%d", group, n), Sends: sends, Wants: fmt.Sprintf("All comes back within %v, with the same type and length.", limit),
			Long: true, Timed: true, Limit: limit, End: normal,
			Play: func(t *T) {
				t.log.Quiet(true)
				defer t.log.Quiet(false)
				t.log.Note("TI", limit.Seconds())
				play(t)
			},
		})
	}
	one := func(group, wait, size int, payload, how string, send func(*T, frame.Opcode, []byte)) {
		op, what := frame.Text, "text"
		if group%2 == 0 {
			op, what = frame.Binary, "binary"
		}
		add(group, wait, fmt.Sprintf("a %s message of %s%s", what, bytesOf(size), how), op, size, func(t *T) {
			send(t, op, bytes.Repeat([]byte(payload), size/len(payload)+1)[:size])
			t.echoed(t.wait(time.Duration(wait)*time.Second), op, size)
		})
	}
	whole := func(t *T, op frame.Opcode, p []byte) { t.Conn.Send(engine.Frame{Opcode: op, Payload: p}) }
	for _, g := range []struct {
		group   int
		payload string
		waits   [6]int
	}{
		{1, "BAsd7&jh23", [6]int{10, 10, 100, 100, 100, 100}},
		{2, "\x00\xfe\x23\xfa\xf0", [6]int{10, 10, 10, 10, 100, 100}},
	} {
		for i, size := range []int{64 * kib, 256 * kib, mib, 4 * mib, 8 * mib, 16 * mib} {
			one(g.group, g.waits[i], size, g.payload, "", whole)
		}
	}
	for _, group := range []int{3, 4} {
		for i, fragment := range []int{64, 256, kib, 4 * kib, 16 * kib, 64 * kib, 256 * kib, mib, 4 * mib} {
			payload := "*"
			if group == 4 && i == 0 {
				payload = "\xfe"
			}
			one(group, 100, 4*mib, payload, " in fragments of "+bytesOf(fragment), func(t *T, op frame.Opcode, p []byte) {
				t.Conn.Message(op, p, fragment)
			})
		}
	}
	for _, group := range []int{5, 6} {
		for _, chop := range []int{64, 128, 256, 512, 1024, 2048} {
			payload := []string{"BAsd7&jh23", "\x00\xfe\x23\xfa\xf0"}[group-5]
			one(group, 1000, mib, payload, fmt.Sprintf(", %d bytes at a time", chop), func(t *T, op frame.Opcode, p []byte) {
				t.Conn.Send(engine.Frame{Opcode: op, Payload: p, Chop: chop})
			})
		}
	}
	for group, unit := range map[int]string{7: "*", 8: "\xfe"} {
		op, what := frame.Text, "text"
		if group == 8 {
			op, what = frame.Binary, "binary"
		}
		for _, row := range [][2]int{{0, 60}, {16, 60}, {64, 60}, {256, 120}, {1024, 240}, {4096, 480}} {
			size, wait := row[0], row[1]
			add(group, wait, fmt.Sprintf("1000 %s messages of %d bytes, each when the one before came back", what, size), op, size, func(t *T) {
				by := t.wait(time.Duration(wait) * time.Second)
				p := bytes.Repeat([]byte(unit), size)
				for range 1000 {
					whole(t, op, p)
					if !t.echoed(by, op, size) {
						return
					}
				}
			})
		}
	}
	return all
}

// echoed waits for a message that has a type and a length, and gives the verdict.
func (t *T) echoed(by time.Time, op frame.Opcode, size int) bool {
	for {
		switch e := t.Conn.Receive(by); e.Kind {
		case engine.Message:
			if e.Binary != (op == frame.Binary) || len(e.Data) != size {
				t.failf("What came back has %d bytes (binary: %v).", len(e.Data), e.Binary)
				return false
			}
			t.okf("All came back.")
			return true
		case engine.Nothing:
			t.failf("What was sent didn't come back in time.")
			return false
		case engine.Closed, engine.Gone:
			t.failf("The connection ended before what was sent came back.")
			return false
		}
	}
}

func bytesOf(n int) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}
