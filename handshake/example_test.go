package handshake_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"hawser/websocket/handshake"
)

// A whole handshake, both sides in one program.
func Example() {
	// The client asks.
	h := make(http.Header)
	key := "dGhlIHNhbXBsZSBub25jZQ==" // from NewKey
	if err := handshake.RequestHeader(h, key, []string{"superchat", "chat"}, nil); err != nil {
		fmt.Println(err)
		return
	}
	r := httptest.NewRequest("GET", "http://example.org/chat", nil)
	r.Header = h

	// The server answers.
	req, err := handshake.ParseRequest(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := handshake.CheckOrigin(r, nil); err != nil {
		fmt.Println(err)
		return
	}
	protocol := handshake.SelectProtocol(req.Protocols, []string{"chat"})
	head, err := handshake.AppendResponse(nil, req.Key, protocol, nil, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(strings.ReplaceAll(strings.TrimSpace(string(head)), "\r", ""))

	// The client checks the answer.
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(head)), r)
	if err != nil {
		fmt.Println(err)
		return
	}
	agreed, err := handshake.CheckResponse(resp, key, []string{"superchat", "chat"}, nil)
	fmt.Println("agreed:", agreed.Protocol, err)
	// Output:
	// HTTP/1.1 101 Switching Protocols
	// Upgrade: websocket
	// Connection: Upgrade
	// Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
	// Sec-WebSocket-Protocol: chat
	// agreed: chat <nil>
}

// A request that is no handshake is answered with the reason.
func ExampleRefusal() {
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "http://example.org/chat", nil) // typed into a browser
	_, err := handshake.ParseRequest(r)
	var refusal *handshake.Refusal
	if errors.As(err, &refusal) {
		refusal.ServeHTTP(w, r)
	}
	fmt.Println(w.Code, w.Header()["Connection"])
	fmt.Print(w.Body)
	// Output:
	// 426 [close Upgrade]
	// this is a WebSocket endpoint: header Upgrade does not list websocket
}

// Pages of the server's own origin and of the listed ones may connect.
func ExampleCheckOrigin() {
	allowed := []string{"https://*.example.org"}
	r := httptest.NewRequest("GET", "https://chat.example.org/", nil)
	for _, origin := range []string{"https://chat.example.org", "https://www.example.org", "https://example.org.evil.example"} {
		r.Header.Set("Origin", origin)
		fmt.Println(handshake.CheckOrigin(r, allowed))
	}
	// Output:
	// <nil>
	// <nil>
	// websocket: upgrade refused with status 403: origin "https://example.org.evil.example" is not allowed
}

// A mistake in the list of a server's configuration.
func ExampleCheckOrigins() {
	fmt.Println(handshake.CheckOrigins([]string{"https://example.org/"}))
	// Output:
	// websocket: allowed origin "https://example.org/": its host is not a name of ASCII letters, digits, - and _, or an address
}

// Several headers are one list; values in quotes are returned without them.
func ExampleParseExtensions() {
	extensions, err := handshake.ParseExtensions([]string{`permessage-deflate; server_max_window_bits="10"`, "x"})
	fmt.Println(extensions, err)
	fmt.Println(handshake.FormatExtensions(extensions))
	// Output:
	// [{permessage-deflate [{server_max_window_bits 10}]} {x []}] <nil>
	// permessage-deflate; server_max_window_bits=10, x
}
