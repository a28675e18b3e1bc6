package websocket_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"hawser/websocket"
	"hawser/websocket/frame"
)

// TestCloseErrorTexts: who closed, with which code and reason, and what broke, in words
// that are said once.
func TestCloseErrorTexts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		e    websocket.CloseError
		want string
	}{
		{websocket.CloseError{Code: 1000, Reason: "bye", SentCode: 1000}, `websocket: closed by the peer with 1000 (normal closure) "bye"`},
		{websocket.CloseError{Code: 1001, SentCode: 1001}, "websocket: closed by the peer with 1001 (going away)"},
		{websocket.CloseError{Code: 1000, SentCode: 4000, SentReason: "why", Local: true}, `websocket: closed with 4000 "why"`},
		{websocket.CloseError{Code: 1006, SentCode: 1008, Local: true, Err: io.ErrUnexpectedEOF}, "websocket: connection failed: unexpected EOF; closed with 1008 (policy violation)"},
		{websocket.CloseError{Code: 1006, Err: websocket.ErrPingTimeout}, "websocket: connection failed: ping timeout"},
		{websocket.CloseError{Code: 1006, Err: errors.New("websocket: ")}, "websocket: connection failed: websocket: "},
		{websocket.CloseError{Code: 1006, Err: errors.New("websockets are hard")}, "websocket: connection failed: websockets are hard"},
		{websocket.CloseError{Code: 1006, Err: errors.New("")}, "websocket: connection failed: "},
	} {
		if got := test.e.Error(); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}

// TestCloseCode: the peer's code, wherever the error is, and 0 if it's another.
func TestCloseCode(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err  error
		want frame.Code
	}{
		{nil, 0},
		{net.ErrClosed, 0},
		{&websocket.CloseError{Code: 4000, SentCode: 1000}, 4000},
		{fmt.Errorf("in the handler: %w", &websocket.CloseError{Code: 1006}), 1006},
	} {
		if got := websocket.CloseCode(test.err); got != test.want {
			t.Errorf("%v: %d", test.err, got)
		}
	}
}
