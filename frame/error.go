package frame

import (
	"fmt"
	"strings"
)

// Error is a breach of the protocol by the peer, found with [errors.As]. Whoever gets
// one sends a Close frame with its Code and closes the connection (RFC 6455 section
// 7.1.7). Its text may be logged, but is not for the peer to see.
type Error struct {
	Code    Code   // the code to close the connection with
	Section string // the section that was broken: "5.2" of RFC 6455, or a whole name such as "RFC 7692 section 6"
	Text    string // what was wrong, without a prefix
}

// Error returns the text and the section, such as "websocket: text frame from a client
// is not masked (RFC 6455 section 5.1)".
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

// tooBig returns the error for a payload of n bytes where at most max are allowed. It is
// not inlined, which keeps ReadHeader short.
//
//go:noinline
func tooBig(n, max int64) *Error {
	return &Error{CodeTooBig, "10.4", fmt.Sprintf("frame with %d bytes of payload, at most %d are allowed", n, max)}
}
