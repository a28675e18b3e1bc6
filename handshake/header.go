package handshake

import "fmt"

// version is the version of the protocol (RFC 6455 section 4.1).
const version = "13"

// The names of the handshake's headers in the form of the keys of an [http.Header].
const (
	headerKey        = "Sec-Websocket-Key"
	headerVersion    = "Sec-Websocket-Version"
	headerProtocol   = "Sec-Websocket-Protocol"
	headerExtensions = "Sec-Websocket-Extensions"
	headerAccept     = "Sec-Websocket-Accept"
)

// belongsToHandshake reports whether applications may not set a header, because it is a
// part of the handshake or of the framing of HTTP. The name is in its canonical form.
func belongsToHandshake(name string) bool {
	switch name {
	case "Upgrade", "Connection", headerKey, headerVersion, headerProtocol, headerExtensions, headerAccept,
		"Content-Length", "Transfer-Encoding", "Trailer":
		return true
	}
	return false
}

// isOfAnotherAnswer reports whether a header of a response makes no sense in a 101: it is
// about a content, which a 101 has not, or about the connection as it was before.
func isOfAnotherAnswer(name string) bool {
	return name == "Content-Encoding" || name == "Content-Range" || name == "Keep-Alive" || name == "Proxy-Connection"
}

// checkHeader returns an error if a header of the application's has a malformed name, or
// a control character in a value, such as the line break that would begin another header.
func checkHeader(name string, values []string) error {
	if !isToken(name) {
		return fmt.Errorf("websocket: %q is not the name of a header", name)
	}
	for _, v := range values {
		for i := range len(v) {
			if c := v[i]; c < ' ' && c != '\t' || c == 0x7f { // RFC 9110 section 5.5
				return fmt.Errorf("websocket: value of the header %s has the control character %q", name, c)
			}
		}
	}
	return nil
}
