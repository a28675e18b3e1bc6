// The API: names of the close codes, which package frame owns.

package websocket

import "hawser/websocket/frame"

// Code is a close code: why a connection was closed (RFC 6455 section 7.4).
type Code = frame.Code

// The close codes of RFC 6455 section 7.4.1 and of the IANA registry. CodeNone,
// CodeAbnormal and CodeTLS only report what happened; they are never sent.
const (
	CodeNormal          = frame.CodeNormal
	CodeGoingAway       = frame.CodeGoingAway
	CodeProtocolError   = frame.CodeProtocolError
	CodeUnsupportedData = frame.CodeUnsupportedData
	CodeNone            = frame.CodeNone
	CodeAbnormal        = frame.CodeAbnormal
	CodeInvalidPayload  = frame.CodeInvalidPayload
	CodePolicyViolation = frame.CodePolicyViolation
	CodeTooBig          = frame.CodeTooBig
	CodeNeedExtension   = frame.CodeNeedExtension
	CodeInternalError   = frame.CodeInternalError
	CodeServiceRestart  = frame.CodeServiceRestart
	CodeTryAgainLater   = frame.CodeTryAgainLater
	CodeBadGateway      = frame.CodeBadGateway
	CodeTLS             = frame.CodeTLS
)
