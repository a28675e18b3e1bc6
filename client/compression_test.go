package client_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/handshake"
)

// TestCompressionAnswers: a client fails on an answer that it did not offer.
func TestCompressionAnswers(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{
		"":                   "",
		"permessage-deflate": "",
		"permessage-deflate; server_max_window_bits=12":                            "",
		"permessage-deflate; server_no_context_takeover":                           "",
		"permessage-deflate; server_max_window_bits=16":                            "not a number",
		"permessage-deflate; server_max_window_bits=8; client_max_window_bits":     "has no value",
		"permessage-deflate; server_no_context_takeover; foo":                      "unknown",
		"permessage-deflate; server_max_window_bits=12, permessage-deflate":        "twice",
		"x-webkit-deflate-frame":                                                   "not offered",
		"permessage-deflate; server_max_window_bits=9; client_max_window_bits=016": "not a number",
	} {
		t.Run(answer, func(t *testing.T) {
			t.Parallel()
			addr := script(t, func(head string, nc net.Conn) {
				if answer != "" {
					answer = "Sec-WebSocket-Extensions: " + answer + "\r\n"
				}
				io.WriteString(nc, accept(head)+answer+"\r\n")
				nc.(*net.TCPConn).CloseWrite()
			})
			d := &client.Dialer{Proxy: noProxy, Config: websocket.Config{Compression: &websocket.Compression{}}}
			c, resp, err := d.Dial(ctx, "ws://"+addr)
			var he *client.HandshakeError
			switch {
			case want == "" && err == nil:
				c.CloseNow()
			case want == "":
				t.Error(err)
			case !errors.As(err, &he) || he.Response != resp || !strings.Contains(err.Error(), want):
				t.Errorf("%v; want %q", err, want)
			}
		})
	}
}

// TestRealServers has what servers answered to what we offer, and what became of it.
// What a client offers by default is what browsers offer, and all of them agree to
// that. A window that a server ignores costs memory and is put up with; a server that
// ignores that it's to do without takeover ends the dial, as it has to (RFC 7692
// section 7.1.1.1): who asks for that may have secrets to keep apart.
func TestRealServers(t *testing.T) {
	t.Parallel()
	const (
		browser = "permessage-deflate; client_max_window_bits"
		window  = "permessage-deflate; server_max_window_bits=12; client_max_window_bits"
		nine    = "permessage-deflate; server_max_window_bits=9; client_max_window_bits"
		alone   = "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits"
	)
	byDefault := websocket.Compression{}
	smaller := websocket.Compression{Receive: websocket.Window{Bits: 12}}
	smallest := websocket.Compression{Receive: websocket.Window{Bits: 8}}
	none := websocket.Compression{Send: websocket.Window{NoTakeover: true}, Receive: websocket.Window{NoTakeover: true}}
	type deflate = handshake.Deflate
	for _, tt := range []struct {
		name          string
		want          websocket.Compression
		offer, answer string
		agreed        *deflate // nil if there's no compression
		err           string
	}{
		{"libsoup 3.2", byDefault, browser, "permessage-deflate; client_max_window_bits=15", &deflate{ClientWindowBits: 15}, ""},
		{"Mojolicious 9.31", byDefault, browser, "permessage-deflate", &deflate{}, ""},
		{"Tornado 6.6", byDefault, browser, "permessage-deflate", &deflate{}, ""},
		{"libwebsockets 4.1, built without extensions", byDefault, browser, "", nil, ""},

		{"libsoup 3.2 keeps to the window", smaller, window, "permessage-deflate; server_max_window_bits=12; client_max_window_bits=15",
			&deflate{ServerWindowBits: 12, ClientWindowBits: 15}, ""},
		{"Mojolicious 9.31 ignores the window", smaller, window, "permessage-deflate", &deflate{}, ""},
		{"Tornado 6.6 keeps to the window", smaller, window, "permessage-deflate; server_max_window_bits=12", &deflate{ServerWindowBits: 12}, ""},
		{"libwebsockets 4.1 and ratchet ignore the window", smaller, window, "permessage-deflate", &deflate{}, ""},
		{"Netty 4.1.117 keeps to the window, it says", smaller, window, "permessage-deflate; server_max_window_bits=12", &deflate{ServerWindowBits: 12}, ""},
		{"gorilla knows no windows", smaller, window, "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
			&deflate{ServerNoTakeover: true, ClientNoTakeover: true}, ""},
		{"libsoup 3.2 answers each of several offers, which nobody understands", smaller, window,
			"permessage-deflate; server_max_window_bits=12; client_max_window_bits=15, permessage-deflate; client_max_window_bits=15",
			nil, `the extension "permessage-deflate" twice`},
		{"Tornado 6.6 has windows of 9 bits, not of 8", smallest, nine, "permessage-deflate; server_max_window_bits=9", &deflate{ServerWindowBits: 9}, ""},
		{"libsoup 3.2 keeps to the smallest window", smallest, nine, "permessage-deflate; server_max_window_bits=9; client_max_window_bits=15",
			&deflate{ServerWindowBits: 9, ClientWindowBits: 15}, ""},
		{"Mojolicious 9.31 ignores the smallest window", smallest, nine, "permessage-deflate", &deflate{}, ""},
		{"a server that says 8 itself", smallest, nine, "permessage-deflate; server_max_window_bits=8; client_max_window_bits=8",
			&deflate{ServerWindowBits: 8, ClientWindowBits: 8}, ""},

		{"libsoup 3.2 does without takeover", none, alone, "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits=15",
			&deflate{ServerNoTakeover: true, ClientNoTakeover: true, ClientWindowBits: 15}, ""},
		{"Mojolicious 9.31 ignores that", none, alone, "permessage-deflate", nil, "not allowed by any offer"},
		{"Tornado 6.6 drops parameters without a value", none, alone, "permessage-deflate", nil, "not allowed by any offer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			offers := make(chan string, 1)
			addr := script(t, func(head string, nc net.Conn) {
				offers <- header(head, "Sec-WebSocket-Extensions")
				answer := ""
				if tt.answer != "" {
					answer = "Sec-WebSocket-Extensions: " + tt.answer + "\r\n"
				}
				io.WriteString(nc, accept(head)+answer+"\r\n")
			})
			c, _, err := (&client.Dialer{Proxy: noProxy, Config: websocket.Config{Compression: &tt.want}}).Dial(ctx, "ws://"+addr)
			if diff := cmp.Diff(tt.offer, <-offers); diff != "" {
				t.Error("offer:", diff)
			}
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("%v; want %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			var agreed *deflate
			if z := c.Compressed(); z != nil {
				agreed = &z.Deflate
			}
			if diff := cmp.Diff(tt.agreed, agreed); diff != "" {
				t.Error(diff)
			}
		})
	}
}
