package client_test

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"strings"
	"testing"

	"hawser/websocket/client"
)

func TestURLs(t *testing.T) {
	t.Parallel()
	var dialed, host string
	d := &client.Dialer{
		Proxy: noProxy,
		DialContext: func(_ context.Context, _, addr string) (net.Conn, error) {
			dialed = addr
			a, b := net.Pipe()
			go func() {
				defer b.Close()
				if r, err := http.ReadRequest(bufio.NewReader(b)); err == nil {
					host = r.Host
				}
			}()
			return a, nil
		},
	}
	for _, tt := range []struct{ url, dialed, host, err string }{
		{"ws://example.org", "example.org:80", "example.org", ""},
		{"ws://example.org:80/x", "example.org:80", "example.org", ""},
		{"WS://example.org:3000", "example.org:3000", "example.org:3000", ""},
		{"ws://[::1]:3000", "[::1]:3000", "[::1]:3000", ""},
		{"ws://[fe80::1%25eth0]/", "[fe80::1%eth0]:80", "[fe80::1]", ""},
		{"wss://example.org", "example.org:443", "", ""},
		{"ws:example.org", "", "", "no // after"},
		{"ws://", "", "", "no host"},
		{"ws://:80", "", "", "no host"},
		{"ws://example.org/#x", "", "", "fragment"},
		{"ws://example.org/\r\nX: y", "", "", "malformed"},
		{"ws://exa mple.org", "", "", "malformed"},
		{"ws://user:secret@example.org:x", "", "", "malformed"},
	} {
		dialed, host = "", ""
		_, _, err := d.Dial(ctx, tt.url)
		if dialed != tt.dialed || host != tt.host || err == nil || !strings.Contains(err.Error(), tt.err) || strings.Contains(err.Error(), "secret") {
			t.Errorf("C6: %q: dialed %q, host %q, %v", tt.url, dialed, host, err)
		}
	}
}
