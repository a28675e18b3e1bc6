package main

import (
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"hawser/websocket"
	"hawser/websocket/cmd/internal/text"
	"hawser/websocket/frame"
)

// maxShown is how many bytes of a message's text the journal has.
const maxShown = 1 << 10

// A journal prints clients and messages, a line for each. Any number of clients may
// use it at the same time, as each line is one call of w's Write.
type journal struct {
	quiet bool
	w     io.Writer // which doesn't wait: see [lineWriter]
}

// journalNotice is the line that stands for n lines that nobody read.
func journalNotice(n int) []byte {
	return fmt.Appendf(nil, "%d lines are missing here, as this was not read in time\n", n)
}

func (j *journal) printf(format string, args ...any) {
	if !j.quiet {
		fmt.Fprintf(j.w, format+"\n", args...)
	}
}

func (j *journal) message(m websocket.Message) {
	switch {
	case j.quiet:
	case m.Type == websocket.Text:
		j.printf("Message: %s", excerpt(m.Data))
	default:
		j.printf("Message: %d bytes of binary", len(m.Data))
	}
}

// disconnected is called when the conversation on c has ended, which the connection
// does by now at the latest.
func (j *journal) disconnected(c *websocket.Conn) {
	if !j.quiet {
		c.Close(frame.CodeNormal, "")
		j.printf("client disconnected %s", ending(c))
	}
}

// excerpt returns a text as the journal shows it: of a long one the beginning and the
// size, so that a client can't have more work and room than that for a message.
func excerpt(p []byte) string {
	if len(p) <= maxShown {
		return text.Escape(string(p))
	}
	n := maxShown
	for n > maxShown-utf8.UTFMax && !utf8.RuneStart(p[n]) {
		n--
	}
	return fmt.Sprintf("%s… (%d bytes)", text.Escape(string(p[:n])), len(p))
}

// ending tells how the connection ended.
func ending(c *websocket.Conn) string {
	var e *websocket.CloseError
	if !errors.As(c.Err(), &e) {
		return "?"
	}
	s := fmt.Sprint(uint16(e.Code))
	if e.Reason != "" {
		s += " " + text.Escape(e.Reason)
	}
	if e.Err != nil {
		s += " (" + text.Escape(e.Error()) + ")"
	}
	return s
}
