package cases

import (
	"fmt"
	"strings"
	"time"

	"hawser/websocket/cmd/conform/internal/engine"
)

const (
	hello   = "Hello, world!"
	odd     = "\x00\xff\xfe\xfd\xfc\xfb\x00\xff" // no text
	code    = "\x03\xe8"                         // 1000 in a Close frame
	pinged  = "ping payload"
	ponged  = "unsolicited pong payload"
	second  = time.Second
	seconds = time.Second
)

// section2 is about Ping and Pong frames (RFC 6455 sections 5.5.2 and 5.5.3).
func section2() []*Case {
	fe := strings.Repeat("\xfe", 125)
	const answered = "A pong with the same payload comes back."
	const ignored = "The pong is ignored, and the closing handshake completed."
	var ten, tenChopped []Step
	var tenPongs []engine.Event
	for i := range 10 {
		p := fmt.Sprintf("payload-%d", i)
		ten = append(ten, ping(p))
		tenChopped = append(tenChopped, ping(p).chop(1))
		tenPongs = append(tenPongs, gotPong(p))
	}
	all := []*Case{
		{ID: "2.1", Sends: "a ping without payload", Wants: answered, Steps: steps(ping("")), OK: events(gotPong("")), Wait: second},
		{ID: "2.2", Sends: "a ping with text", Wants: answered, Steps: steps(ping(hello)), OK: events(gotPong(hello)), Wait: second},
		{ID: "2.3", Sends: "a ping with bytes that are no text", Wants: answered, Steps: steps(ping(odd)), OK: events(gotPong(odd)), Wait: second},
		{ID: "2.4", Sends: "a ping of 125 bytes", Wants: answered, Steps: steps(ping(fe)), OK: events(gotPong(fe)), Wait: second},
		{ID: "2.5", Sends: "a ping of 126 bytes", Wants: "The connection is failed: 125 are allowed (RFC 6455 section 5.5).", Steps: steps(ping(fe + "\xfe")), OK: nothing, Wait: second, End: fails(1002)},
		{ID: "2.6", Sends: "a ping of 125 bytes, one byte at a time", Wants: answered, Steps: steps(ping(fe).chop(1)), OK: events(gotPong(fe)), Wait: 2 * seconds},
		{ID: "2.7", Sends: "a pong without payload that nobody asked for, and a Close frame", Wants: ignored, Steps: steps(pong(""), closing(code)), OK: nothing, Wait: second},
		{ID: "2.8", Sends: "a pong with payload that nobody asked for, and a Close frame", Wants: ignored, Steps: steps(pong(ponged), closing(code)), OK: nothing, Wait: second},
		{ID: "2.9", Sends: "a pong that nobody asked for, and a ping", Wants: "The ping is answered, the pong ignored.", Steps: steps(pong(ponged), ping(pinged)), OK: events(gotPong(pinged)), Wait: second},
		{ID: "2.10", Sends: "10 pings with payloads", Wants: "All are answered in their order. The RFC asks for the last only.", Steps: ten, OK: tenPongs, Wait: 3 * seconds},
		{ID: "2.11", Sends: "10 pings with payloads, one byte at a time", Wants: "All are answered in their order. The RFC asks for the last only.", Steps: tenChopped, OK: tenPongs, Wait: 3 * seconds},
	}
	for _, c := range all {
		if !c.End.ByPeer {
			c.End, c.CloseAfter = normal, true
		}
	}
	return all
}
