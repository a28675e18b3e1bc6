package frame

import "strconv"

// Code is a close code: why a connection was closed (RFC 6455 section 7.4).
type Code uint16

// The close codes of RFC 6455 section 7.4.1 and of the IANA registry. CodeNone,
// CodeAbnormal and CodeTLS only report what happened; they are never sent.
const (
	CodeNormal          Code = 1000 // the purpose of the connection is fulfilled
	CodeGoingAway       Code = 1001 // the server goes down, the browser leaves the page
	CodeProtocolError   Code = 1002
	CodeUnsupportedData Code = 1003 // a type of message that the receiver can't accept
	CodeNone            Code = 1005 // the Close frame carried no code
	CodeAbnormal        Code = 1006 // there was no Close frame
	CodeInvalidPayload  Code = 1007 // such as text that is not UTF-8
	CodePolicyViolation Code = 1008
	CodeTooBig          Code = 1009
	CodeNeedExtension   Code = 1010 // the client expected an extension
	CodeInternalError   Code = 1011
	CodeServiceRestart  Code = 1012
	CodeTryAgainLater   Code = 1013
	CodeBadGateway      Code = 1014
	CodeTLS             Code = 1015 // the TLS handshake failed
)

// Sendable reports whether c may stand in a Close frame: the codes above but
// for CodeNone, CodeAbnormal and CodeTLS, those registered for frameworks (3000
// to 3999) and private ones (4000 to 4999) (RFC 6455 section 7.4.2).
func (c Code) Sendable() bool {
	return c >= 1000 && c <= 1014 && c != 1004 && c != CodeNone && c != CodeAbnormal ||
		c >= 3000 && c <= 4999
}

// String returns the code's number and its meaning where it has one.
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
