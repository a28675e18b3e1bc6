package handshake

import "fmt"

const version = "13"

// The names as they stand in an [http.Header].
const (
	headerKey        = "Sec-Websocket-Key"
	headerVersion    = "Sec-Websocket-Version"
	headerProtocol   = "Sec-Websocket-Protocol"
	headerExtensions = "Sec-Websocket-Extensions"
	headerAccept     = "Sec-Websocket-Accept"
)

// belongsToHandshake reports whether a header is the handshake's own, or of HTTP's
// framing, which applications don't choose. The name is in its canonical form.
func belongsToHandshake(name string) bool {
	switch name {
	case "Upgrade", "Connection", headerKey, headerVersion, headerProtocol, headerExtensions, headerAccept,
		"Content-Length", "Transfer-Encoding", "Trailer":
		return true
	}
	return false
}

// isOfAnotherAnswer reports whether a header of a response is about its content, which
// a 101 has not, or about the connection as it was before.
func isOfAnotherAnswer(name string) bool {
	return name == "Content-Encoding" || name == "Content-Range" || name == "Keep-Alive" || name == "Proxy-Connection"
}

// checkHeader returns an error if a header that the application wants to send
// would break the head apart.
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
