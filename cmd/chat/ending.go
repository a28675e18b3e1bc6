package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/cmd/internal/text"
	"hawser/websocket/frame"
)

// notConnected tells why there is no connection. It returns the exit code, and
// whether it's worth trying again.
func (s *screen) notConnected(err error) (code int, retry bool) {
	if errors.Is(err, context.Canceled) {
		s.status("socket closed")
		return exitConnect, false
	}
	s.failure("socket error %s", explain(err))
	var certificate *tls.CertificateVerificationError
	var refused *client.HandshakeError
	switch {
	case isTimeout(err):
		return exitTimeout, true
	case errors.As(err, &certificate):
		return exitConnect, false
	case errors.As(err, &refused) && refused.Response != nil:
		switch status := refused.Response.StatusCode; status {
		case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		default:
			return exitConnect, status >= 500
		}
	}
	return exitConnect, true
}

// explain returns the text of err for the user.
func explain(err error) string {
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return fmt.Sprintf("unknown host %s", text.Escape(dns.Name))
	}
	s := strings.TrimPrefix(err.Error(), "websocket: ")
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		s += "; -cacert names whom to trust, -insecure trusts anybody"
	}
	return text.Escape(s)
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, &t) && t.Timeout()
}

// closed tells how a connection ended. It returns the exit code, and whether it's
// worth connecting again: not after a normal close or a breach of the protocol.
func (s *screen) closed(err error) (code int, retry bool) {
	var e *websocket.CloseError
	if !errors.As(err, &e) {
		return exitCutOff, true // there is always one
	}
	if e.Err == nil {
		s.status("socket closed%s", codeAndReason(e))
		switch e.Code {
		case frame.CodeNormal:
			return exitNormal, false
		case frame.CodeGoingAway, frame.CodeNone:
			return exitNormal, true
		case frame.CodeProtocolError:
			return exitProtocol, false
		}
		return exitCutOff, true
	}
	if !errors.Is(e.Err, net.ErrClosed) { // that was our own doing
		s.failure("socket error %s", explain(e.Err))
	}
	s.status("socket closed")
	var breach *frame.Error
	switch {
	case errors.As(err, &breach):
		return exitProtocol, false
	case isTimeout(err), errors.Is(err, websocket.ErrPingTimeout),
		errors.Is(err, websocket.ErrWriteTimeout), errors.Is(err, websocket.ErrCloseTimeout):
		return exitTimeout, true
	}
	return exitCutOff, true
}

// codeAndReason is what the peer's Close frame held.
func codeAndReason(e *websocket.CloseError) string {
	if e.Code == frame.CodeNone {
		return ""
	}
	s := fmt.Sprintf(" %d", uint16(e.Code))
	if e.Reason != "" {
		s += " " + text.Escape(e.Reason)
	}
	return s
}
