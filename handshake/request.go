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

// Request is what a client asks for.
type Request struct {
	Key        string      // of Sec-WebSocket-Key
	Protocols  []string    // subprotocols offered, best first
	Extensions []Extension // extensions offered, best first
}

// ParseRequest checks a request to upgrade (RFC 6455 section 4.2.1). An error is
// a *[Refusal], with one of these statuses:
//
//	405  the method is not GET
//	505  the protocol is older than HTTP/1.1
//	426  Upgrade doesn't list websocket, Connection doesn't list Upgrade,
//	     or the version is not 13
//	400  all other faults, and HTTP/2
//
// The origin is for [CheckOrigin] to check.
func ParseRequest(r *http.Request) (Request, error) {
	if r.Method != http.MethodGet {
		return Request{}, refuse(http.StatusMethodNotAllowed, "method %s is not GET", printable(r.Method))
	}
	if !r.ProtoAtLeast(1, 1) {
		return Request{}, refuse(http.StatusHTTPVersionNotSupported, "%s is older than HTTP/1.1", printable(r.Proto))
	}
	if r.ProtoMajor > 1 {
		return Request{}, refuse(http.StatusBadRequest, "%s has no upgrades", printable(r.Proto))
	}
	if !hasToken(r.Header["Upgrade"], "websocket") {
		return Request{}, refuse(http.StatusUpgradeRequired, "this is a WebSocket endpoint: header Upgrade does not list websocket")
	}
	if !hasToken(r.Header["Connection"], "Upgrade") {
		return Request{}, refuse(http.StatusUpgradeRequired, "header Connection does not list Upgrade")
	}
	switch v := r.Header[headerVersion]; {
	case len(v) == 0:
		return Request{}, refuse(http.StatusUpgradeRequired, "header Sec-WebSocket-Version is missing")
	case len(v) > 1:
		return Request{}, refuse(http.StatusUpgradeRequired, "header Sec-WebSocket-Version is repeated")
	case trim(v[0]) != version:
		return Request{}, refuse(http.StatusUpgradeRequired, "WebSocket version %s is not 13", printable(v[0]))
	}
	if r.Host == "" {
		return Request{}, refuse(http.StatusBadRequest, "header Host is missing")
	}
	if r.ContentLength != 0 || len(r.TransferEncoding) > 0 {
		return Request{}, refuse(http.StatusBadRequest, "a request to upgrade has no body")
	}
	keys := r.Header[headerKey]
	switch len(keys) {
	case 1:
	case 0:
		return Request{}, refuse(http.StatusBadRequest, "header Sec-WebSocket-Key is missing")
	default:
		return Request{}, refuse(http.StatusBadRequest, "header Sec-WebSocket-Key is repeated")
	}
	req := Request{Key: trim(keys[0])}
	if !validKey(req.Key) {
		return Request{}, refuse(http.StatusBadRequest, "header Sec-WebSocket-Key is not the base64 of 16 bytes")
	}
	var err error
	if req.Protocols, err = parseProtocols(r.Header[headerProtocol]); err != nil {
		return Request{}, refuse(http.StatusBadRequest, "header Sec-WebSocket-Protocol: %v", err)
	}
	if req.Extensions, err = ParseExtensions(r.Header[headerExtensions]); err != nil {
		return Request{}, refuse(http.StatusBadRequest, "header Sec-WebSocket-Extensions: %v", err)
	}
	return req, nil
}

// printable makes the beginning of what a peer sent fit for a line of text.
func printable(s string) string {
	const most = 40
	if len(s) > most {
		return fmt.Sprintf("%+q...", s[:most])
	}
	return fmt.Sprintf("%+q", s)
}

// RequestHeader adds the handshake to the header h of a request (RFC 6455
// section 4.1): the version, key, subprotocols and extensions to offer. It fails
// if h has one of these headers already, and if protocols are not tokens, each
// only once.
func RequestHeader(h http.Header, key string, protocols []string, extensions []Extension) error {
	for _, name := range []string{"Upgrade", "Connection", headerKey, headerVersion, headerProtocol, headerExtensions, headerAccept} {
		if _, ok := h[name]; ok {
			return fmt.Errorf("websocket: header %s belongs to the handshake and can't be set", name)
		}
	}
	h["Upgrade"] = []string{"websocket"}
	h["Connection"] = []string{"Upgrade"}
	h[headerKey] = []string{key}
	h[headerVersion] = []string{version}
	if len(protocols) > 0 {
		list, err := formatProtocols(protocols)
		if err != nil {
			return fmt.Errorf("websocket: %w", err)
		}
		h[headerProtocol] = []string{list}
	}
	if len(extensions) > 0 {
		h[headerExtensions] = []string{FormatExtensions(extensions)}
	}
	return nil
}
