package frame

import "strconv"

// Code is a close code: the reason in one number why a connection was closed (RFC 6455
// section 7.4). It stands in the first two bytes of a Close frame's payload.
type Code uint16

// The close codes of RFC 6455 section 7.4.1 and of the IANA registry. CodeNone,
// CodeAbnormal and CodeTLS say locally how a connection ended; they are never sent.
const (
	CodeNormal          Code = 1000 // the connection has done what it was for
	CodeGoingAway       Code = 1001 // a server shuts down, a browser leaves the page
	CodeProtocolError   Code = 1002 // the peer broke the protocol
	CodeUnsupportedData Code = 1003 // the receiver takes no messages of this type
	CodeNone            Code = 1005 // the Close frame carried no code
	CodeAbnormal        Code = 1006 // the connection ended without a Close frame
	CodeInvalidPayload  Code = 1007 // text that is not UTF-8, or compressed data that is corrupt
	CodePolicyViolation Code = 1008 // for what no other code says
	CodeTooBig          Code = 1009 // a message is too long for the receiver
	CodeNeedExtension   Code = 1010 // a client needs an extension that the server did not agree to
	CodeInternalError   Code = 1011 // a failure of the sender
	CodeServiceRestart  Code = 1012 // the service restarts: connect again
	CodeTryAgainLater   Code = 1013 // the service is overloaded
	CodeBadGateway      Code = 1014 // a gateway got a bad answer from the server behind it
	CodeTLS             Code = 1015 // the TLS handshake failed
)

// Sendable reports whether c may stand in a Close frame: the codes above except
// CodeNone, CodeAbnormal and CodeTLS, the codes registered for libraries and
// frameworks (3000 to 3999) and private ones (4000 to 4999) (RFC 6455 section 7.4.2).
func (c Code) Sendable() bool {
	return c >= 1000 && c <= 1014 && c != 1004 && c != CodeNone && c != CodeAbnormal ||
		c >= 3000 && c <= 4999
}

// String returns the number and, if there is one, the name: "1001 (going away)".
func (c Code) String() string {
	s := strconv.Itoa(int(c))
	if m := c.meaning(); m != "" {
		s += " (" + m + ")"
	}
	return s
}

func (c Code) meaning() string {
	switch c {
	case CodeNormal:
		return "normal closure"
	case CodeGoingAway:
		return "going away"
	case CodeProtocolError:
		return "protocol error"
	case CodeUnsupportedData:
		return "unsupported data"
	case CodeNone:
		return "no code"
	case CodeAbnormal:
		return "no close frame"
	case CodeInvalidPayload:
		return "invalid payload"
	case CodePolicyViolation:
		return "policy violation"
	case CodeTooBig:
		return "message too big"
	case CodeNeedExtension:
		return "extension needed"
	case CodeInternalError:
		return "internal error"
	case CodeServiceRestart:
		return "service restart"
	case CodeTryAgainLater:
		return "try again later"
	case CodeBadGateway:
		return "bad gateway"
	case CodeTLS:
		return "TLS handshake failed"
	}
	return ""
}
