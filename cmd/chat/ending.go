package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
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
// whether it's worth trying again. tried tells whether a connection was tried to be
// made; if not, something is wrong with what was asked for.
func (s *screen) notConnected(err error, tried bool) (code int, retry bool) {
	if errors.Is(err, context.Canceled) {
		s.status("socket closed")
		return exitConnect, false
	}
	s.failure("socket error %s", s.explain(err))
	var certificate *tls.CertificateVerificationError
	var noTLS tls.RecordHeaderError
	var refused *client.HandshakeError
	switch {
	case isTimeout(err):
		return exitTimeout, true
	case !tried:
		return exitUsage, false
	case errors.As(err, &certificate), errors.As(err, &noTLS):
		return exitConnect, false
	case errors.As(err, &refused) && refused.Response != nil:
		return exitConnect, isTemporary(refused.Response.StatusCode)
	case refused != nil: // it was cut off, or it isn't an HTTP server
		var broken *net.OpError
		return exitConnect, errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &broken)
	}
	return exitConnect, true
}

// isTemporary reports whether a server that refuses with status may think better of
// it.
func isTemporary(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	}
	return status >= 500
}

// explain returns the text of err for the user, and what to do about it.
func (s *screen) explain(err error) string {
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return fmt.Sprintf("unknown host %s", text.Escape(dns.Name))
	}
	message := strings.TrimPrefix(err.Error(), "websocket: ")
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var noTLS tls.RecordHeaderError
	var refused *client.HandshakeError
	switch {
	case errors.As(err, &authority):
		message += "; -cacert names whom to trust, -insecure trusts anybody"
	case errors.As(err, &certificate):
		message += "; -insecure connects all the same, to anybody"
	case errors.As(err, &noTLS):
		message += "; perhaps it's a ws and not a wss server"
	case errors.As(err, &refused) && refused.Response != nil && s.o.follow == 0:
		resp := refused.Response
		if to := resp.Header.Get("Location"); to != "" && resp.StatusCode/100 == 3 {
			message += fmt.Sprintf(", to %s; -follow 5 follows redirects", hideInURL(to))
		}
	}
	return text.Escape(message)
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
	var breach *frame.Error
	tooLong := errors.As(err, &breach) && breach.Code == frame.CodeTooBig
	switch {
	case tooLong: // a limit of ours, not one of the protocol
		s.failure("socket error a message is longer than %d bytes; -max-message sets the limit", s.o.maxMessage)
	case !errors.Is(e.Err, net.ErrClosed): // that was our own doing
		s.failure("socket error %s", s.explain(e.Err))
	}
	s.status("socket closed")
	switch {
	case tooLong:
		return exitCutOff, false
	case breach != nil:
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
