package client_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"hawser/websocket"
	"hawser/websocket/client"
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
