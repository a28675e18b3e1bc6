package frame

import (
	"fmt"
	"strings"
)

// Error is a breach of the protocol by the peer. Find it with errors.As.
type Error struct {
	Code    Code   // what to close the connection with
	Section string // of RFC 6455, unless it begins with "RFC"
	Text    string // what was wrong
}

// Error says what was wrong and which section of the RFC forbids it.
func (e *Error) Error() string {
	section := e.Section
	if !strings.HasPrefix(section, "RFC") {
		section = "RFC 6455 section " + section
	}
	return fmt.Sprintf("websocket: %s (%s)", e.Text, section)
}

func protocolError(section, format string, args ...any) *Error {
	return &Error{CodeProtocolError, section, fmt.Sprintf(format, args...)}
}
