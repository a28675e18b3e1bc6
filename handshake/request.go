package handshake

import (
	"fmt"
	"net/http"
)

// Request is what a client asks for in its opening handshake. Its strings are parts of the
// request's headers.
type Request struct {
	Key        string      // Sec-WebSocket-Key, to be answered by AppendResponse; "" with HTTP/2 and newer
	Protocols  []string    // the subprotocols offered, in order of preference; may be nil
	Extensions []Extension // the extensions offered, in order of preference; may be nil
}

// IsUpgrade reports whether r asks for a WebSocket: whether its header Upgrade lists
// websocket and its header Connection lists Upgrade (RFC 6455 section 4.2.1), or it is an
// extended CONNECT whose :protocol is websocket (RFC 8441 section 4), whatever else may be
// wrong with it. It is for handlers that serve a page at the same path.
func IsUpgrade(r *http.Request) bool {
	if IsConnect(r) {
		return equalFold(r.Header[HeaderConnectProtocol][0], "websocket")
	}
	return hasToken(r.Header["Upgrade"], "websocket") && hasToken(r.Header["Connection"], "Upgrade")
}

// ParseRequest checks that r is a proper request to upgrade (RFC 6455 section 4.2.1), or
// with HTTP/2 and newer a proper extended CONNECT (RFC 8441), and returns what it asks for.
// An error is a *[Refusal] with one of these statuses:
//
//	505  the protocol is older than HTTP/1.1
//	405  the method is not GET
//	426  Upgrade doesn't list websocket, Connection doesn't list Upgrade,
//	     or the version is not 13
//	501  the :protocol of an extended CONNECT is not websocket
//	400  all other faults, and a request of HTTP/2 or newer that is no extended
//	     CONNECT, or has another version
//
// Up to 64 empty elements of each list are skipped, and so are offers of extensions with
// a quoted value that is not a token. At most 64 subprotocols, 64 extensions and 16
// parameters of each may be offered. Time and memory are linear in the
// size of the header. The origin is not looked at: see [CheckOrigin].
func ParseRequest(r *http.Request) (Request, error) {
	switch {
	case !r.ProtoAtLeast(1, 1):
		return Request{}, refuse(http.StatusHTTPVersionNotSupported, "%s is older than HTTP/1.1", printable(r.Proto))
	case r.ProtoMajor > 1:
		if err := parseConnect(r); err != nil {
			return Request{}, err
		}
		return parseOffer(r, Request{})
	case r.Method != http.MethodGet:
		e := refuse(http.StatusMethodNotAllowed, "method %s is not GET", printable(r.Method))
		e.Header = http.Header{"Allow": {http.MethodGet}}
		return Request{}, e
	case !hasToken(r.Header["Upgrade"], "websocket"):
		return Request{}, refuseUpgrade("this is a WebSocket endpoint: header Upgrade does not list websocket")
	case !hasToken(r.Header["Connection"], "Upgrade"):
		return Request{}, refuseUpgrade("header Connection does not list Upgrade")
	}
	switch v := r.Header[headerVersion]; {
	case len(v) == 0:
		return Request{}, refuseUpgrade("header Sec-WebSocket-Version is missing")
	case len(v) > 1:
		return Request{}, refuseUpgrade("header Sec-WebSocket-Version is repeated")
	case trim(v[0]) != version:
		return Request{}, refuseUpgrade("WebSocket version %s is not 13", printable(v[0]))
	}
	switch {
	case r.Host == "":
		return Request{}, refuse(http.StatusBadRequest, "header Host is missing")
	case r.ContentLength != 0 || len(r.TransferEncoding) > 0:
		return Request{}, refuse(http.StatusBadRequest, "a request to upgrade has no body")
	}
	var req Request
	switch keys := r.Header[headerKey]; len(keys) {
	case 0:
		return Request{}, refuse(http.StatusBadRequest, "header Sec-WebSocket-Key is missing")
	case 1:
		req.Key = trim(keys[0])
	default:
		return Request{}, refuse(http.StatusBadRequest, "header Sec-WebSocket-Key is repeated")
	}
	if !validKey(req.Key) {
		return Request{}, refuse(http.StatusBadRequest, "header Sec-WebSocket-Key is not the base64 of 16 bytes")
	}
	return parseOffer(r, req)
}

// parseOffer adds to req what is the same in all versions of HTTP.
func parseOffer(r *http.Request, req Request) (Request, error) {
	var err error
	if req.Protocols, err = parseProtocols(r.Header[headerProtocol]); err != nil {
		return Request{}, refuse(http.StatusBadRequest, "header Sec-WebSocket-Protocol: %v", err)
	}
	if req.Extensions, err = parseExtensions(r.Header[headerExtensions], true); err != nil {
		return Request{}, refuse(http.StatusBadRequest, "header Sec-WebSocket-Extensions: %v", err)
	}
	return req, nil
}

// RequestHeader adds a client's handshake to the header h of a GET request (RFC 6455
// section 4.1): Upgrade, Connection, the version, the key, which comes from [NewKey], and
// the subprotocols and extensions to offer, in order of preference; both may be nil. It
// fails, and leaves h alone, if h already has one of these headers or one that is
// malformed, if a subprotocol is not a token or is repeated, or if a part of an extension
// is not a token.
func RequestHeader(h http.Header, key string, protocols []string, extensions []Extension) error {
	if err := offer(h, protocols, extensions); err != nil {
		return err
	}
	h["Upgrade"] = []string{"websocket"}
	h["Connection"] = []string{"Upgrade"}
	h[headerKey] = []string{key}
	return nil
}

// offer adds to h what is the same in all versions of HTTP.
func offer(h http.Header, protocols []string, extensions []Extension) error {
	for name, values := range h {
		if canonical := http.CanonicalHeaderKey(name); belongsToHandshake(canonical) {
			return fmt.Errorf("websocket: header %s belongs to the handshake and can't be set", canonical)
		}
		if err := checkHeader(name, values); err != nil {
			return err
		}
	}
	list, err := formatProtocols(protocols)
	if err != nil {
		return fmt.Errorf("websocket: %w", err)
	}
	if err := checkExtensions(extensions); err != nil {
		return fmt.Errorf("websocket: %w", err)
	}
	h[headerVersion] = []string{version}
	if len(protocols) > 0 {
		h[headerProtocol] = []string{list}
	}
	if len(extensions) > 0 {
		h[headerExtensions] = []string{FormatExtensions(extensions)}
	}
	return nil
}
