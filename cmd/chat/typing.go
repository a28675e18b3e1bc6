package main

import (
	"bufio"
	"io"
	"strconv"
	"strings"

	"hawser/websocket"
	"hawser/websocket/cmd/internal/text"
	"hawser/websocket/frame"
)

// readTerminal deals with the lines that the user types, until the end of input.
// They are read by another goroutine, so that typing goes on while a message is
// waiting to be sent.
func (t *talk) readTerminal() {
	lines := make(chan string, 64)
	t.s.spawn(func() {
		defer close(lines)
		read := t.lineSource()
		for line, err := read(); err == nil; line, err = read() {
			lines <- line
		}
	})
	var kept []websocket.Message // that could not be sent yet
	for {
		changed := t.change()
		kept = t.sendKept(kept)
		select {
		case line, ok := <-lines:
			if !ok {
				if len(kept) > 0 {
					t.s.failure("%s not sent", count(len(kept), "message"))
				}
				t.hangUp(frame.CodeNormal, "")
				return
			}
			m, ok := t.typed(line)
			if !ok || len(kept) == 0 && t.send(m) {
				break
			}
			if t.o.listen != "" {
				t.s.failure("nobody is connected")
				break
			}
			kept = append(kept, m)
			t.s.status("not connected; %s kept until then", count(len(kept), "message"))
		case <-changed:
		}
	}
}

func (t *talk) lineSource() func() (string, error) {
	if t.s.term != nil {
		return t.s.term.ReadLine
	}
	lines := messageReader{r: bufio.NewReader(t.s.in), max: t.o.maxMessage, end: "\n", dropCR: true}
	return func() (string, error) {
		line, err := lines.next()
		if err != nil && err != io.EOF {
			t.s.failure("input error: %s %v", lines.place(), err)
		}
		return string(line), err
	}
}

func (t *talk) sendKept(kept []websocket.Message) []websocket.Message {
	n := 0
	for n < len(kept) && t.send(kept[n]) {
		n++
	}
	if n > 0 {
		t.s.status("sent %s that had been kept", count(n, "message"))
	}
	return kept[n:]
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return strconv.Itoa(n) + " " + what
}

// typed returns the message that a line makes. Commands are obeyed, and make one
// only if that is what they are for.
func (t *talk) typed(line string) (websocket.Message, bool) {
	if command, ok := strings.CutPrefix(line, "/"); ok && !strings.HasPrefix(command, "/") {
		if t.s.term != nil {
			t.s.show(t.s.paint(faint, text.Escape(line)))
		}
		m, err := t.command(command)
		if err != nil {
			t.s.failure("%s", text.Escape(err.Error()))
		}
		if err != nil || m == nil {
			return websocket.Message{}, false
		}
		t.s.sent(*m)
		return *m, true
	} else if ok {
		line = command
	}
	m, err := t.message([]byte(line))
	if err != nil {
		t.s.failure("input error: the line %v", err)
		return m, false
	}
	t.s.sent(m)
	return m, true
}
