package main

import (
	"errors"
	"fmt"
	"sync"

	"hawser/websocket"
	"hawser/websocket/cmd/internal/text"
	"hawser/websocket/frame"
)

// A screen shows the conversation: with prefixes on a terminal, the messages
// alone in a pipe.
type screen struct {
	console
	mu sync.Mutex
}

func newScreen(c console) *screen { return &screen{console: c} }

// show writes a line to the terminal. If the user types there, it takes the
// place of the prompt, which comes again below.
func (s *screen) show(format string, args ...any) {
	if s.inTerminal {
		format = "\r\x1b[K" + format + "\n> "
	} else {
		format += "\n"
	}
	fmt.Fprintf(s.out, format, args...)
}

// status shows a line about the connection.
func (s *screen) status(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outTerminal {
		s.show("# "+format, args...)
	} else {
		fmt.Fprintf(s.err, "# "+format+"\n", args...)
	}
}

// received shows a message.
func (s *screen) received(m websocket.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.outTerminal:
		m.Data = append(m.Data[:len(m.Data):len(m.Data)], '\n')
		s.out.Write(m.Data)
	case m.Type == websocket.Binary:
		s.show("< (%d bytes) %x", len(m.Data), m.Data)
	default:
		s.show("< %s", text.Escape(string(m.Data)))
	}
}

// sent shows a message that was sent. If the user typed it, the terminal shows
// it already.
func (s *screen) sent(p []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.outTerminal:
	case s.inTerminal:
		fmt.Fprint(s.out, "\r\x1b[K> ") // the answer may have come before
	default:
		s.show("> %s", text.Escape(string(p)))
	}
}

// leave takes the prompt away.
func (s *screen) leave() {
	if s.inTerminal && s.outTerminal {
		fmt.Fprint(s.out, "\r\x1b[K")
	}
}

// closed shows how the connection ended and returns the exit code.
func (s *screen) closed(err error) int {
	var e *websocket.CloseError
	if !errors.As(err, &e) {
		return exitCutOff
	}
	var breach *frame.Error
	code := exitCutOff
	switch {
	case e.Err == nil:
		c, reason := e.Code, e.Reason
		end := "socket closed"
		if c != frame.CodeNone {
			end += fmt.Sprintf(" %d", uint16(c))
		}
		if reason != "" {
			end += " " + text.Escape(reason)
		}
		s.status("%s", end)
		if c == frame.CodeNormal || c == frame.CodeGoingAway || c == frame.CodeNone {
			code = exitNormal
		} else if c == frame.CodeProtocolError {
			code = exitProtocol
		}
		return code
	case errors.As(err, &breach):
		code = exitProtocol
	case isTimeout(err), errors.Is(err, websocket.ErrPingTimeout),
		errors.Is(err, websocket.ErrWriteTimeout), errors.Is(err, websocket.ErrCloseTimeout):
		code = exitTimeout
	}
	s.status("socket error %s", text.Escape(e.Err.Error()))
	s.status("socket closed")
	return code
}
