package handshake

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// AppendResponse appends the head of the response that accepts key (RFC 6455
// section 4.2.2): the protocol and extensions agreed on, if any, and the headers
// in extra, in the order of their names. Those of extra that belong to the handshake,
// to the connection or to a content, such as Connection, Sec-WebSocket-Protocol or
// Content-Length, are left out: middleware sets them for answers of any kind. A header
// that would break the head apart is an error, as are a protocol and extensions that
// are not made of tokens; nothing of the kind is ever written, and dst is returned as
// it was.
func AppendResponse(dst []byte, key, protocol string, extensions []Extension, extra http.Header) ([]byte, error) {
	if protocol != "" && !isToken(protocol) {
		return dst, fmt.Errorf("websocket: subprotocol %q is not a token", protocol)
	}
	if err := checkExtensions(extensions); err != nil {
		return dst, fmt.Errorf("websocket: %w", err)
	}
	head := append(slices.Grow(dst, 256), // enough for most
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "...)
	head = append(appendAccept(head, key), "\r\n"...)
	if protocol != "" {
		head = appendLine(head, "Sec-WebSocket-Protocol", protocol)
	}
	if len(extensions) > 0 {
		head = append(head, "Sec-WebSocket-Extensions: "...)
		head = append(appendExtensions(head, extensions), "\r\n"...)
	}
	if len(extra) > 0 {
		var err error
		if head, err = appendHeader(head, extra); err != nil {
			return dst, err
		}
	}
	return append(head, "\r\n"...), nil
}

func appendHeader(dst []byte, h http.Header) ([]byte, error) {
	for _, name := range slices.Sorted(maps.Keys(h)) {
		if isLeftOut(name) {
			continue
		}
		if err := checkHeader(name, h[name]); err != nil {
			return nil, err
		}
		for _, value := range h[name] {
			dst = appendLine(dst, name, value)
		}
	}
	return dst, nil
}

// isLeftOut reports whether a header that the application has set doesn't go out with
// the answer.
func isLeftOut(name string) bool {
	canonical := http.CanonicalHeaderKey(name)
	return belongsToHandshake(canonical) || isOfAnotherAnswer(canonical)
}

func appendLine(dst []byte, name, value string) []byte {
	dst = append(append(dst, name...), ": "...)
	return append(append(dst, value...), "\r\n"...)
}

// Response is what a server agreed to.
type Response struct {
	Protocol   string      // the subprotocol, or ""
	Extensions []Extension // a part of those offered
}

// ResponseError is a response that doesn't complete the handshake (RFC 6455
// section 4.1). Find it with [errors.As].
type ResponseError struct {
	Status int    // of the response
	Reason string // what was wrong
}

// Error says what was wrong.
func (e *ResponseError) Error() string { return "websocket: " + e.Reason }

// CheckResponse checks the answer to a request that had the given key,
// subprotocols and extensions (RFC 6455 section 4.1). An error is a
// *[ResponseError]. What the parameters of an extension mean is for those to
// check who offered it.
func CheckResponse(resp *http.Response, key string, protocols []string, offered []Extension) (Response, error) {
	fail := func(format string, args ...any) (Response, error) {
		return Response{}, &ResponseError{resp.StatusCode, fmt.Sprintf(format, args...)}
	}
	h := resp.Header
	switch {
	case resp.StatusCode != http.StatusSwitchingProtocols:
		return fail("the server answers with status %s instead of 101", printable(resp.Status))
	case !resp.ProtoAtLeast(1, 1):
		return fail("the server answers with %s", printable(resp.Proto))
	case len(h["Upgrade"]) != 1 || !equalFold(trim(h.Get("Upgrade")), "websocket"):
		return fail("header Upgrade is not websocket")
	case !hasToken(h["Connection"], "Upgrade"):
		return fail("header Connection does not list Upgrade")
	case len(h[headerAccept]) != 1:
		return fail("the response has %d headers Sec-WebSocket-Accept", len(h[headerAccept]))
	case trim(h.Get(headerAccept)) != Accept(key):
		return fail("header Sec-WebSocket-Accept doesn't answer the key")
	}
	return checkAgreed(resp, protocols, offered)
}

// checkAgreed checks what is the same in all versions of HTTP.
func checkAgreed(resp *http.Response, protocols []string, offered []Extension) (Response, error) {
	fail := func(format string, args ...any) (Response, error) {
		return Response{}, &ResponseError{resp.StatusCode, fmt.Sprintf(format, args...)}
	}
	h := resp.Header
	var r Response
	switch p := h[headerProtocol]; {
	case len(p) > 1:
		return fail("header Sec-WebSocket-Protocol is repeated")
	case len(p) == 1:
		r.Protocol = trim(p[0])
		if !slices.Contains(protocols, r.Protocol) {
			return fail("the server chose the subprotocol %s, which was not offered", printable(p[0]))
		}
	}
	var err error
	if r.Extensions, err = ParseExtensions(h[headerExtensions]); err != nil {
		return fail("header Sec-WebSocket-Extensions: %v", err)
	}
	for i, e := range r.Extensions {
		same := func(o Extension) bool { return o.Name == e.Name }
		if !slices.ContainsFunc(offered, same) {
			return fail("the server chose the extension %s, which was not offered", printable(e.Name))
		}
		if slices.ContainsFunc(r.Extensions[:i], same) {
			return fail("the server chose the extension %s twice", printable(e.Name))
		}
	}
	return r, nil
}
