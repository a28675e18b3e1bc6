package handshake

import (
	"fmt"
	"net/http"
)

const version = "13"

// The names as they stand in an [http.Header].
const (
	headerKey        = "Sec-Websocket-Key"
	headerVersion    = "Sec-Websocket-Version"
	headerProtocol   = "Sec-Websocket-Protocol"
	headerExtensions = "Sec-Websocket-Extensions"
	headerAccept     = "Sec-Websocket-Accept"
)

// checkHeader returns an error if a header that the application wants to send
// would break the head apart, or belongs to the handshake or to HTTP's framing.
func checkHeader(name string, values []string) error {
	if !isToken(name) {
		return fmt.Errorf("websocket: %q is not the name of a header", name)
	}
	switch canonical := http.CanonicalHeaderKey(name); canonical {
	case "Upgrade", "Connection", headerKey, headerVersion, headerProtocol, headerExtensions, headerAccept,
		"Content-Length", "Transfer-Encoding", "Trailer":
		return fmt.Errorf("websocket: header %s belongs to the handshake and can't be set", canonical)
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
