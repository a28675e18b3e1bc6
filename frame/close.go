package frame

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxReason is the size in bytes of the longest reason that fits into a Close frame:
// 123.
const MaxReason = MaxControlPayload - 2

// ParseClose parses the payload of a Close frame (RFC 6455 section 5.5.1). An empty
// payload is [CodeNone] and no reason. A payload of one byte, or a code that must not
// be sent, is an *[Error] with [CodeProtocolError]; a reason that is not UTF-8 is one
// with [CodeInvalidPayload]. The reason is a copy: it does not alias p.
func ParseClose(p []byte) (code Code, reason string, err error) {
	if len(p) == 0 {
		return CodeNone, "", nil
	}
	if len(p) == 1 {
		return 0, "", protocolError("5.5.1", "close frame with 1 byte of payload")
	}
	code = Code(binary.BigEndian.Uint16(p))
	if !code.Sendable() {
		return 0, "", protocolError("7.4", "close frame with code %d", uint16(code))
	}
	if !utf8.Valid(p[2:]) {
		return 0, "", &Error{CodeInvalidPayload, "8.1", "close reason is not UTF-8"}
	}
	return code, string(p[2:]), nil
}

// AppendClose appends the payload of a Close frame to dst and returns the extended
// slice. [CodeNone] and no reason give an empty payload. Bytes of the reason that are
// not UTF-8 become U+FFFD, and a reason longer than [MaxReason] bytes is cut at the end
// of a character. A code that is not [Code.Sendable], and a reason without a code, are
// errors of the caller; dst is returned as it was.
func AppendClose(dst []byte, code Code, reason string) ([]byte, error) {
	if code == CodeNone && reason == "" {
		return dst, nil
	}
	if !code.Sendable() {
		return dst, fmt.Errorf("websocket: close code %v can't be sent (RFC 6455 section 7.4)", code)
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(code))
	return append(dst, cutReason(reason)...), nil
}

// cutReason makes s fit for a Close frame.
func cutReason(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= MaxReason {
		return s
	}
	end := MaxReason
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}
