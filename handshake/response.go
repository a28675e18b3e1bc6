package handshake

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// AppendResponse appends the head of the response that accepts key (RFC 6455 section
// 4.2.2) to dst and returns the extended slice: the status line, the handshake's headers,
// the subprotocol and the extensions agreed on, which may be "" and nil, the headers of
// extra in the order of their names, and the empty line.
//
// Those of extra that belong to the handshake, to the connection or to a content, such as
// Connection, Sec-WebSocket-Protocol or Content-Length, are left out, as middleware sets
// them for answers of any kind. A header with a malformed name or a control character in
// its value, and a subprotocol or extension that is not made of tokens, are errors; dst is
// then returned as it was.
func AppendResponse(dst []byte, key, protocol string, extensions []Extension, extra http.Header) ([]byte, error) {
	if err := checkAgreed(protocol, extensions); err != nil {
		return dst, err
	}
	head := appendAgreed(appendSwitching(dst, key), protocol, extensions)
	if len(extra) > 0 {
		var err error
		if head, err = appendHeader(head, extra); err != nil {
			return dst, err
		}
	}
	return append(head, "\r\n"...), nil
}

// The parts of AppendResponse are functions of their own for the sake of small frames:
// below net/http the hash of the answer just fits into a stack of 4 KiB, which else is
// copied in every handshake.

func appendSwitching(dst []byte, key string) []byte {
	head := append(slices.Grow(dst, 256), // enough for most
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "...)
	return append(appendAccept(head, key), "\r\n"...)
}

func appendAgreed(head []byte, protocol string, extensions []Extension) []byte {
	if protocol != "" {
		head = appendLine(head, "Sec-WebSocket-Protocol", protocol)
	}
	if len(extensions) > 0 {
		head = append(head, "Sec-WebSocket-Extensions: "...)
		head = append(appendExtensions(head, extensions), "\r\n"...)
	}
	return head
}

func checkAgreed(protocol string, extensions []Extension) error {
	if protocol != "" && !isToken(protocol) {
		return fmt.Errorf("websocket: subprotocol %q is not a token", protocol)
	}
	if err := checkExtensions(extensions); err != nil {
		return fmt.Errorf("websocket: %w", err)
	}
	return nil
}

// appendHeader appends the headers of the application, apart from those to leave out.
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
	Protocol   string      // the subprotocol, one of those offered; "" for none
	Extensions []Extension // with their parameters; each was offered by name, none twice
}

// ResponseError is a response that does not complete the handshake (RFC 6455 section 4.1),
// found with [errors.As]. The client then has to close the connection.
type ResponseError struct {
	Status int    // the HTTP status of the response
	Reason string // what was wrong, in one line
}

// Error returns the reason.
func (e *ResponseError) Error() string { return "websocket: " + e.Reason }

// CheckResponse checks the response to a request that [RequestHeader] made with the given
// key, subprotocols and extensions (RFC 6455 section 4.1), and returns what the server
// agreed to. An error is a *[ResponseError]. The parameters of the extensions are for the
// caller to check: those of permessage-deflate with [CheckDeflate]. The body is not read.
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
	return checkChosen(resp, protocols, offered)
}

// checkChosen checks what is the same in all versions of HTTP.
func checkChosen(resp *http.Response, protocols []string, offered []Extension) (Response, error) {
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
