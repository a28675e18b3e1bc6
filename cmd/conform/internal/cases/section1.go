package cases

import (
	"fmt"
	"strings"
	"time"

	"hawser/websocket/cmd/conform/internal/engine"
	"hawser/websocket/frame"
)

// section1 is about whole messages of sizes at which the header changes (RFC 6455
// section 5.2).
func section1() (all []*Case) {
	for kind, what := range []string{"text", "binary"} {
		unit := []string{"*", "\xfe"}[kind]
		for i, row := range []struct {
			size, chop int
			wait       time.Duration
		}{
			{0, 0, 1}, {125, 0, 1}, {126, 0, 1}, {127, 0, 1}, {128, 0, 1}, {65535, 0, 10}, {65536, 0, 10}, {65536, 997, 10},
		} {
			m := send{Opcode: frame.Text, Payload: []byte(strings.Repeat(unit, row.size)), Chop: row.chop}
			if kind == 1 {
				m.Opcode = frame.Binary
			}
			sends := fmt.Sprintf("a %s message of %d bytes", what, row.size)
			if row.chop > 0 {
				sends += fmt.Sprintf(", %d bytes at a time", row.chop)
			}
			all = append(all, &Case{
				ID: fmt.Sprintf("1.%d.%d", kind+1, i+1), Sends: sends, Wants: "The message comes back.",
				Steps: steps(m), OK: events(engine.Event{Kind: engine.Message, Data: m.Payload, Binary: kind == 1}),
				Wait: row.wait * time.Second, End: normal,
			})
		}
	}
	return all
}

// section10 is about fragments of a size that is no divisor (RFC 6455 section 5.4).
func section10() []*Case {
	p := strings.Repeat("*", 65536)
	return []*Case{{
		ID: "10.1.1", Sends: "a text message of 65536 bytes in fragments of 1300", Wants: "The message comes back.",
		Steps: steps(message{frame.Text, p, 1300}), OK: events(gotText(p)), Wait: 10 * time.Second, End: normal,
	}}
}
