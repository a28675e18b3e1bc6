// Telling: the errors that a user can look for.

package websocket

import (
	"errors"
	"net"
	"os"
	"strconv"

	"hawser/websocket/frame"
)

// What ends a connection or refuses a call, besides *[frame.Error] for a breach
// of the protocol by the peer and the errors of the network. All are found with
// [errors.Is], also inside of a *[CloseError]. The timeouts also match
// [os.ErrDeadlineExceeded], and are a [net.Error] whose Timeout method returns true.
var (
	// ErrPingTimeout: the peer gave no sign of life in time.
	ErrPingTimeout error = &timeoutError{"websocket: ping timeout"}
	// ErrWriteTimeout: the peer didn't accept in time what was to be written.
	ErrWriteTimeout error = &timeoutError{"websocket: write timeout: peer is not reading"}
	// ErrCloseTimeout: the peer didn't answer the Close frame in time.
	ErrCloseTimeout error = &timeoutError{"websocket: close timeout: no answer to the close frame"}
	// ErrConcurrentRead: another goroutine is reading from the connection.
	ErrConcurrentRead = errors.New("websocket: another goroutine is reading")
	// ErrQueueFull: the message posted doesn't fit into the queue any more.
	ErrQueueFull = errors.New("websocket: the peer is too slow, its queue is full")
)

// timeoutError is one of the timeouts above.
type timeoutError struct{ text string }

func (e *timeoutError) Error() string        { return e.text }
func (e *timeoutError) Timeout() bool        { return true }
func (e *timeoutError) Temporary() bool      { return false }
func (e *timeoutError) Is(target error) bool { return target == os.ErrDeadlineExceeded }

// CloseError says how a connection ended. It matches [net.ErrClosed] under
// [errors.Is]; its Err, if any, is found by errors.Is and [errors.As].
type CloseError struct {
	// Code and Reason are what the peer's Close frame held: CodeNone when it
	// held nothing, CodeAbnormal when none came (RFC 6455 sections 7.1.5 and 7.1.6).
	Code   frame.Code
	Reason string
	// SentCode and SentReason are what this side's Close frame held. SentCode
	// is CodeNone when it held nothing, 0 when none was sent.
	SentCode   frame.Code
	SentReason string
	// Local reports that this side began to close.
	Local bool
	// Err is what broke. It's nil after a clean closing handshake.
	Err error
}

// Error says who closed, with which code and reason, and what broke.
func (e *CloseError) Error() string {
	if e.Err != nil {
		s := "websocket: connection failed: " + trimPrefix(e.Err)
		if e.SentCode != 0 {
			s += "; closed with " + status(e.SentCode, e.SentReason)
		}
		return s
	}
	if e.Local {
		return "websocket: closed with " + status(e.SentCode, e.SentReason)
	}
	return "websocket: closed by the peer with " + status(e.Code, e.Reason)
}

// Unwrap returns e.Err.
func (e *CloseError) Unwrap() error { return e.Err }

// Is reports whether target is [net.ErrClosed].
func (e *CloseError) Is(target error) bool { return target == net.ErrClosed }

// normal reports whether the connection ended the way connections should.
func (e *CloseError) normal() bool {
	if e.Err != nil {
		return false
	}
	code := e.Code
	if e.Local {
		code = e.SentCode
	}
	return isNormal(code)
}

func isNormal(code frame.Code) bool {
	return code == frame.CodeNormal || code == frame.CodeGoingAway || code == frame.CodeNone
}

// CloseCode returns the code that the peer closed the connection with if err
// holds a *[CloseError]: [frame.CodeNone] for a Close frame without a code,
// [frame.CodeAbnormal] for none at all. Else it returns 0.
func CloseCode(err error) frame.Code {
	var ce *CloseError
	if errors.As(err, &ce) {
		return ce.Code
	}
	return 0
}

func status(c frame.Code, reason string) string {
	if reason == "" {
		return c.String()
	}
	return c.String() + " " + strconv.Quote(reason)
}

// trimPrefix is the text of err without the prefix that the wrapping error has.
func trimPrefix(err error) string {
	const prefix = "websocket: "
	s := err.Error()
	if len(s) > len(prefix) && s[:len(prefix)] == prefix {
		s = s[len(prefix):]
	}
	return s
}
