package handshake

import (
	"fmt"
	"net/http"
)

// HeaderConnectProtocol is where net/http has the pseudo-header :protocol of an
// extended CONNECT (RFC 8441 section 4), among the headers of its request.
const HeaderConnectProtocol = ":protocol"

// IsConnect reports whether r is an extended CONNECT: the request of HTTP/2 (RFC
// 8441) and HTTP/3 (RFC 9220) that makes a stream a connection of another protocol,
// be that a WebSocket or not.
func IsConnect(r *http.Request) bool {
	return r.ProtoMajor > 1 && r.Method == http.MethodConnect && len(r.Header[HeaderConnectProtocol]) > 0
}

// parseConnect checks what makes a request of HTTP/2 or newer one for a WebSocket.
// There is no Upgrade, Connection or Key to look at.
func parseConnect(r *http.Request) error {
	switch {
	case r.Method != http.MethodConnect:
		return refuse(http.StatusBadRequest, "this is a WebSocket endpoint: with %s it takes an extended CONNECT (RFC 8441), not %s",
			printable(r.Proto), printable(r.Method))
	case !IsConnect(r):
		return refuse(http.StatusBadRequest, "this is a WebSocket endpoint and no proxy: CONNECT has no :protocol (RFC 8441)")
	}
	if p := r.Header[HeaderConnectProtocol]; len(p) > 1 || !equalFold(p[0], "websocket") {
		return refuse(http.StatusNotImplemented, ":protocol %s is not websocket", printable(p[0]))
	}
	switch v := r.Header[headerVersion]; {
	case len(v) == 0:
		return refuseVersion("header Sec-WebSocket-Version is missing")
	case len(v) > 1:
		return refuseVersion("header Sec-WebSocket-Version is repeated")
	case trim(v[0]) != version:
		return refuseVersion("WebSocket version %s is not 13", printable(v[0]))
	case r.Host == "":
		return refuse(http.StatusBadRequest, ":authority is missing")
	case r.ContentLength >= 0:
		return refuse(http.StatusBadRequest, "the stream of a WebSocket has no length and doesn't end with its request")
	}
	return nil
}

// refuseVersion says which version there is. Status 426 would ask for a header
// Upgrade, which HTTP/2 has not.
func refuseVersion(format string, args ...any) *Refusal {
	e := refuse(http.StatusBadRequest, format, args...)
	e.Header = http.Header{headerVersion: {version}}
	return e
}

// SetConnectResponse makes h, which has what the application wants to send, the header
// of the response with status 200 that accepts an extended CONNECT (RFC 8441 section
// 5). It leaves out and refuses what [AppendResponse] does, and leaves h alone then.
func SetConnectResponse(h http.Header, protocol string, extensions []Extension) error {
	if err := checkAgreed(protocol, extensions); err != nil {
		return err
	}
	for name, values := range h {
		if isLeftOut(name) {
			continue
		}
		if err := checkHeader(name, values); err != nil {
			return err
		}
	}
	for name := range h {
		if isLeftOut(name) {
			delete(h, name)
		}
	}
	if protocol != "" {
		h[headerProtocol] = []string{protocol}
	}
	if len(extensions) > 0 {
		h[headerExtensions] = []string{FormatExtensions(extensions)}
	}
	return nil
}

// ConnectHeader is [RequestHeader] for an extended CONNECT: the version, subprotocols
// and extensions to offer. The pseudo-header :protocol is for who sends it to add.
func ConnectHeader(h http.Header, protocols []string, extensions []Extension) error {
	return offer(h, protocols, extensions)
}

// CheckConnectResponse is [CheckResponse] for the answer to an extended CONNECT, whose
// status is 2xx (RFC 8441 section 5).
func CheckConnectResponse(resp *http.Response, protocols []string, offered []Extension) (Response, error) {
	if resp.StatusCode/100 != 2 {
		return Response{}, &ResponseError{resp.StatusCode, fmt.Sprintf("the server answers with status %s instead of 200", printable(resp.Status))}
	}
	return checkChosen(resp, protocols, offered)
}
