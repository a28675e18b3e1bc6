package client_test

import (
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket/client"
)

// TestRequest looks at what is sent.
func TestRequest(t *testing.T) {
	t.Parallel()
	heads := make(chan string, 10)
	addr := script(t, func(head string, nc net.Conn) {
		heads <- head
		io.WriteString(nc, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nSet-Cookie: session=1\r\n\r\n")
	})
	jar, _ := cookiejar.New(nil)
	d := &client.Dialer{
		Proxy:        noProxy,
		Header:       http.Header{"Origin": {"http://example.org"}, "X": {"y"}},
		Subprotocols: []string{"chat", "v2"},
		HTTPClient:   &http.Client{Jar: jar},
	}
	seen := make(map[string]bool)
	for i := range 3 {
		_, _, err := d.Dial(ctx, "ws://us%65r:p%40ss@"+addr+"/путь?q=1")
		if err == nil || strings.Contains(err.Error(), "p@ss") || strings.Contains(err.Error(), "p%40ss") {
			t.Error(err)
		}
		head := <-heads
		first, _, _ := strings.Cut(head, "\r\n")
		if first != "GET /%D0%BF%D1%83%D1%82%D1%8C?q=1 HTTP/1.1" {
			t.Error(first)
		}
		want := map[string]string{"Host": addr, "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Origin": "http://example.org",
			"X": "y", "Sec-WebSocket-Protocol": "chat, v2", "Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("user:p@ss")), "Cookie": ""}
		if i > 0 {
			want["Cookie"] = "session=1"
		}
		got := make(map[string]string)
		for name := range want {
			got[name] = header(head, name)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		key := header(head, "Sec-WebSocket-Key")
		if b, err := base64.StdEncoding.DecodeString(key); len(b) != 16 || err != nil || seen[key] {
			t.Errorf("M2: key %q, %v", key, err)
		}
		seen[key] = true
	}
	d.Header = http.Header{"Sec-Websocket-Key": {"x"}}
	if _, _, err := d.Dial(ctx, "ws://"+addr); err == nil {
		t.Error("a header of the handshake was set")
	}
	d.Header = http.Header{"Host": {"virtual.example"}}
	d.Subprotocols = nil
	d.Dial(ctx, "ws://"+addr)
	if head := <-heads; header(head, "Host") != "virtual.example" {
		t.Error(head)
	}
}
