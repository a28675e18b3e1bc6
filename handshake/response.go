package handshake

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// AppendResponse appends the head of the response that accepts key (RFC 6455
// section 4.2.2): the protocol and extensions agreed on, if any, and the headers
// in extra, in the order of their names. A header of extra that belongs to the
// handshake or to HTTP's framing, and one that would break the head apart, is an
// error; nothing of the kind is ever written.
func AppendResponse(dst []byte, key, protocol string, extensions []Extension, extra http.Header) ([]byte, error) {
	head := append(dst, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "...)
	head = appendAccept(head, key)
	head = append(head, "\r\n"...)
	if protocol != "" {
		if !isToken(protocol) {
			return dst, fmt.Errorf("websocket: subprotocol %q is not a token", protocol)
		}
		head = append(append(append(head, "Sec-WebSocket-Protocol: "...), protocol...), "\r\n"...)
	}
	if len(extensions) > 0 {
		head = append(append(append(head, "Sec-WebSocket-Extensions: "...), FormatExtensions(extensions)...), "\r\n"...)
	}
	if len(extra) > 0 {
		for _, name := range slices.Sorted(maps.Keys(extra)) {
			if err := checkExtra(name); err != nil {
				return dst, err
			}
			for _, value := range extra[name] {
				if strings.ContainsAny(value, "\r\n\x00") {
					return dst, fmt.Errorf("websocket: value of the header %s has a line break or NUL", name)
				}
				head = append(append(append(append(head, name...), ": "...), value...), "\r\n"...)
			}
		}
	}
	return append(head, "\r\n"...), nil
}

func checkExtra(name string) error {
	if !isToken(name) {
		return fmt.Errorf("websocket: %q is not the name of a header", name)
	}
	switch c := http.CanonicalHeaderKey(name); c {
	case "Upgrade", "Connection", headerAccept, headerProtocol, headerExtensions, headerVersion, headerKey,
		"Content-Length", "Transfer-Encoding", "Trailer":
		return fmt.Errorf("websocket: header %s belongs to the handshake and can't be set", c)
	}
	return nil
}

// Response is what a server agreed to.
type Response struct {
	Protocol   string      // the subprotocol, or ""
	Extensions []Extension // a part of those offered
}

// ResponseError is a response that doesn't complete the handshake.
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
	case len(h["Upgrade"]) != 1 || !strings.EqualFold(trim(h.Get("Upgrade")), "websocket"):
		return fail("header Upgrade is not websocket")
	case !hasToken(h["Connection"], "Upgrade"):
		return fail("header Connection does not list Upgrade")
	case len(h[headerAccept]) != 1:
		return fail("the response has %d headers Sec-WebSocket-Accept", len(h[headerAccept]))
	case trim(h.Get(headerAccept)) != Accept(key):
		return fail("header Sec-WebSocket-Accept doesn't answer the key")
	}
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
