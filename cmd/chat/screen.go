package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"hawser/websocket"
	"hawser/websocket/cmd/internal/terminal"
	"hawser/websocket/cmd/internal/text"
)

// A screen shows the conversation: with prefixes on a terminal, the messages
// alone in a pipe.
type screen struct {
	console
	o     *options
	term  *terminal.Terminal // nil unless the user types on one that can edit
	color bool
	mu    sync.Mutex // for out on a terminal without editing, and err
}

var now = time.Now

// The colors of the kinds of lines.
const (
	green = "32" // sent
	cyan  = "36" // received
	faint = "2"  // status
	red   = "31" // what went wrong
)

func newScreen(o *options, c console) *screen {
	s := &screen{console: c, o: o}
	dumb := os.Getenv("TERM") == "dumb" || os.Getenv("TERM") == ""
	s.color = c.outTerminal && !dumb && !o.noColor
	in, _ := c.in.(*os.File)
	out, _ := c.out.(*os.File)
	edits := c.inTerminal && c.outTerminal && !dumb && in != nil && out != nil
	var h *terminal.History
	var err error
	if edits {
		if h, err = terminal.OpenHistory(o.history); err != nil {
			s.status("no history: %v", err)
		}
	}
	if c.catch != nil {
		c.catch()
	}
	if edits {
		if s.term, err = terminal.Open(in, out, "> ", h); err != nil {
			s.term = nil // it can't edit; the system's own way has to do
		}
	}
	return s
}

// close gives the terminal back.
func (s *screen) close() {
	if s.term != nil {
		s.term.Close()
	}
}

// rescue, deferred, gives the terminal back if the goroutine panics.
func (s *screen) rescue() {
	if p := recover(); p != nil {
		s.restore()
		panic(p)
	}
}

// restore gives the terminal back in a hurry.
func (s *screen) restore() {
	if s.term != nil {
		s.term.Restore()
	}
}

// spawn runs f in a goroutine that gives the terminal back if it panics.
func (s *screen) spawn(f func()) {
	go func() {
		defer s.rescue()
		f()
	}()
}

// paint returns text in a color, if there are colors.
func (s *screen) paint(color, text string) string {
	if !s.color {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[m"
}

func (s *screen) stamp() string {
	if !s.o.timestamps {
		return ""
	}
	return s.paint(faint, now().Format("15:04:05")) + " "
}

// show writes a line to the terminal that standard output is.
func (s *screen) show(line string) {
	line = s.stamp() + line
	if s.term != nil {
		s.term.Print(line)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	io.WriteString(s.out, line+"\n")
}

// tell writes a line about the conversation.
func (s *screen) tell(color, line string) {
	if s.outTerminal {
		s.show(s.paint(color, line))
		return
	}
	s.note(line)
}

// note writes a line to standard error, or above the line being typed if that's
// the same terminal.
func (s *screen) note(line string) {
	if s.term != nil && s.errTerminal {
		s.show(line)
		return
	}
	line = s.stamp() + line
	s.mu.Lock()
	defer s.mu.Unlock()
	io.WriteString(s.err, line+"\n")
}

// status tells about the connection.
func (s *screen) status(format string, args ...any) {
	s.tell(faint, "# "+fmt.Sprintf(format, args...))
}

// failure tells what went wrong.
func (s *screen) failure(format string, args ...any) {
	s.tell(red, "# "+fmt.Sprintf(format, args...))
}

// received shows a message on a terminal; from is "" or the one who sent it.
func (s *screen) received(m websocket.Message, from string) {
	prefix := s.paint(cyan, "<"+from+" ")
	p := m.Data
	if len(p) <= maxShown { // else it's not shown to its end, which no JSON survives
		p = s.plain(m)
	}
	switch {
	case m.Type == websocket.Binary:
		s.show(prefix + dump(p))
	case s.o.json && len(m.Data) <= maxShown && json.Valid(p):
		var lines []string
		for line := range bytes.Lines(p) {
			lines = append(lines, shown(bytes.TrimSuffix(line, []byte("\n"))))
		}
		s.show(prefix + strings.Join(lines, "\n"))
	default:
		s.show(prefix + shown(p))
	}
}

// plain returns what a pipe gets of a message: its data, but indented with -json.
func (s *screen) plain(m websocket.Message) []byte {
	if s.o.json && m.Type == websocket.Text {
		if p, ok := indented(m.Data, 4*len(m.Data)+64<<10); ok {
			return p
		}
	}
	return m.Data
}

// sent shows a message that is sent, if standard output is a terminal and isn't
// showing it already.
func (s *screen) sent(m websocket.Message) {
	switch {
	case !s.outTerminal, s.inTerminal && s.term == nil:
	case m.Type == websocket.Binary && !s.o.binary:
		s.show(s.paint(green, ">") + " " + dump(m.Data))
	default:
		s.show(s.paint(green, ">") + " " + shown(m.Data))
	}
}

// How many bytes are shown of a message on a terminal, where nobody reads more.
const (
	maxShown = 256 << 10
	maxDump  = 1 << 10 // of a binary one
)

// shown returns the text p fit for a terminal, or its beginning and its length.
func shown(p []byte) string {
	if len(p) <= maxShown {
		return text.Escape(string(p))
	}
	end := maxShown
	for end > maxShown-utf8.UTFMax && !utf8.RuneStart(p[end]) {
		end--
	}
	return fmt.Sprintf("%s... (%d bytes)", text.Escape(string(p[:end])), len(p))
}

func dump(p []byte) string {
	if len(p) > maxDump {
		return fmt.Sprintf("(%d bytes) %x...", len(p), p[:maxDump])
	}
	return fmt.Sprintf("(%d bytes) %x", len(p), p)
}
