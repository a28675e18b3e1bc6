package frame

import "fmt"

// Error is a breach of the protocol by the peer. Find it with errors.As.
type Error struct {
	Code    Code   // what to close the connection with
	Section string // of RFC 6455 unless it says otherwise
	Text    string // what was wrong
}

// Error says what was wrong and which section of the RFC forbids it.
func (e *Error) Error() string {
	return fmt.Sprintf("websocket: %s (RFC 6455 section %s)", e.Text, e.Section)
}

func protocolError(section, format string, args ...any) *Error {
	return &Error{CodeProtocolError, section, fmt.Sprintf(format, args...)}
}
