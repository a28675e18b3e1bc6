package cases

import (
	"fmt"
	"time"

	"hawser/websocket/cmd/conform/internal/data"
	"hawser/websocket/cmd/conform/internal/engine"
	"hawser/websocket/frame"
)

// section21 is about control frames in numbers (RFC 6455 section 5.5).
func section21() (all []*Case) {
	add := func(sends, wants string, play func(*T)) {
		all = append(all, &Case{ID: fmt.Sprintf("21.1.%d", len(all)+1), Sends: sends, Wants: wants, End: normal, Limit: 30 * time.Second, Play: play})
	}
	add("pings of all sizes from 0 to 125 bytes", "Each pong has the same payload (RFC 6455 section 5.5.3).", func(t *T) {
		r := t.random()
		var want []engine.Event
		for n := range 126 {
			p := data.Noise(r, n)
			t.Conn.Send(engine.Frame{Opcode: frame.Ping, Payload: p, Flush: true})
			want = append(want, gotPong(string(p)))
			if !t.all(want) {
				return
			}
			want = want[:0]
		}
	})
	for _, n := range []int{1000, 20000} {
		add(fmt.Sprintf("%d pings and a message, without waiting", n),
			"The message comes back, and of the pongs at least the last, in their order (RFC 6455 section 5.5.3). To close with 1008 is allowed, but not recommended.", func(t *T) { t.flood(n) })
		all[len(all)-1].End = anyEnd
	}
	add("1000 pongs that nobody asked for, and a message", "The message comes back, and nothing else (RFC 6455 section 5.5.3).", func(t *T) {
		for range 1000 {
			t.Conn.Send(engine.Frame{Opcode: frame.Pong, Payload: []byte(ponged)})
		}
		t.Conn.Send(engine.Frame{Opcode: frame.Text, Payload: []byte(hello)})
		t.all(events(gotText(hello)))
	})
	add("a message in 100 fragments with a ping after each", "The pings are answered before the message is complete, and it comes back.", func(t *T) {
		var message []byte
		for i := range 100 {
			p := []byte(fmt.Sprintf("fragment %d ", i))
			message = append(message, p...)
			op := frame.Continuation
			if i == 0 {
				op = frame.Text
			}
			t.Conn.Send(engine.Frame{Opcode: op, Payload: p, More: true})
			t.Conn.Send(engine.Frame{Opcode: frame.Ping, Payload: p, Flush: true})
			if !t.all(events(gotPong(string(p)))) {
				return
			}
		}
		t.Conn.Send(engine.Frame{Opcode: frame.Continuation})
		t.all(events(gotText(string(message))))
	})
	return all
}

// flood sends many pings, and judges the pongs.
func (t *T) flood(n int) {
	for i := range n {
		t.Conn.Send(engine.Frame{Opcode: frame.Ping, Payload: fmt.Appendf(nil, "%08d", i)})
	}
	t.Conn.Send(engine.Frame{Opcode: frame.Text, Payload: []byte(hello)})
	last, echoed := -1, false
	for by := t.wait(20 * seconds); last < n-1 || !echoed; {
		e := t.Conn.Receive(by)
		switch e.Kind {
		case engine.Pong:
			var i int
			if _, err := fmt.Sscanf(string(e.Data), "%08d", &i); err != nil || len(e.Data) != 8 || i <= last || i >= n {
				t.failf("The pong %q came after that of number %d.", engine.Show(e.Data), last)
				return
			}
			last = i
		case engine.Message:
			if echoed = string(e.Data) == hello; !echoed {
				t.failf("The message came back as %q.", engine.Show(e.Data))
				return
			}
		case engine.Nothing:
			t.failf("In time came pongs up to number %d of %d; the message came back: %v.", last+1, n, echoed)
			return
		case engine.Closed, engine.Gone:
			what := fmt.Sprintf("The connection ended after the pong number %d of %d, with the code %d; the message came back: %v.", last+1, n, t.Conn.End.RemoteCode, echoed)
			if t.verdict(Failed, what); t.Conn.End.RemoteCode == 1008 {
				t.verdict(NonStrict, what)
			}
			return
		}
	}
	t.okf("The message and the last pong came back.")
}
