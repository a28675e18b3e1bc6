package client_test

import (
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket"
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

// TestNamesOnTheWire: the headers of the handshake are spelled as RFC 6455 section
// 4.1 spells them; some servers know no other spelling.
func TestNamesOnTheWire(t *testing.T) {
	t.Parallel()
	heads := make(chan string, 1)
	addr := script(t, func(head string, nc net.Conn) {
		heads <- head
		io.WriteString(nc, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
	})
	d := &client.Dialer{Proxy: noProxy, Subprotocols: []string{"chat"}, Config: websocket.Config{Compression: new(websocket.Compression)}}
	d.Dial(ctx, "ws://"+addr)
	var names []string
	for line := range strings.SplitSeq(strings.TrimSpace(<-heads), "\r\n") {
		if name, _, ok := strings.Cut(line, ": "); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	want := []string{"Connection", "Host", "Sec-WebSocket-Extensions", "Sec-WebSocket-Key", "Sec-WebSocket-Protocol", "Sec-WebSocket-Version", "Upgrade", "User-Agent"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
}

// TestHeaders: what is made of the headers that one sets. However a name is spelled,
// it's that header.
func TestHeaders(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		header http.Header
		url    string // with HOST in it
		want   string // lines that begin with one of these names
		err    string
	}{
		{"none", nil, "ws://HOST/", "Host: HOST|User-Agent: Go-http-client/1.1", ""},
		{"a Host in small letters", http.Header{"host": {"virtual.example:81"}}, "ws://HOST/", "Host: virtual.example:81|User-Agent: Go-http-client/1.1", ""},
		{"a Host that isn't ASCII", http.Header{"Host": {"Bücher.example"}}, "ws://HOST/", "Host: xn--bcher-kva.example|User-Agent: Go-http-client/1.1", ""},
		{"an empty Host", http.Header{"Host": {""}}, "ws://HOST/", "Host: HOST|User-Agent: Go-http-client/1.1", ""},
		{"two Hosts", http.Header{"host": {"a.example"}, "Host": {"b.example"}}, "ws://HOST/", "", "2 headers Host"},
		{"a Host that is a URL", http.Header{"Host": {"http://a.example"}}, "ws://HOST/", "", "header Host"},
		{"a Host with a line break", http.Header{"Host": {"a.example\r\nX: y"}}, "ws://HOST/", "", "header Host"},
		{"a Host with a user", http.Header{"Host": {"secret@a.example"}}, "ws://HOST/", "", "header Host"},
		{"no user agent", http.Header{"user-agent": {""}}, "ws://HOST/", "Host: HOST", ""},
		{"a user agent", http.Header{"USER-AGENT": {"me"}}, "ws://HOST/", "Host: HOST|User-Agent: me", ""},
		{"basic authentication", nil, "ws://u:p@HOST/", "Authorization: Basic dTpw|Host: HOST|User-Agent: Go-http-client/1.1", ""},
		{"a header before the URL", http.Header{"authorization": {"Bearer x"}}, "ws://u:p@HOST/", "Authorization: Bearer x|Host: HOST|User-Agent: Go-http-client/1.1", ""},
		{"the same header twice", http.Header{"COOKIE": {"a=1"}, "cookie": {"b=2"}}, "ws://HOST/", "Cookie: a=1|Cookie: b=2|Host: HOST|User-Agent: Go-http-client/1.1", ""},
		{"the key", http.Header{"sec-websocket-key": {"x"}}, "ws://HOST/", "", "belongs to the handshake"},
		{"the upgrade", http.Header{"UPGRADE": {"x"}}, "ws://HOST/", "", "belongs to the handshake"},
		{"a length", http.Header{"content-length": {"1"}}, "ws://HOST/", "", "belongs to the handshake"},
		{"no name", http.Header{"": {"x"}}, "ws://HOST/", "", "not the name of a header"},
		{"a name with a space", http.Header{"a b": {"x"}}, "ws://HOST/", "", "not the name of a header"},
		{"a line break", http.Header{"x": {"a\r\nb: c"}}, "ws://HOST/", "", "control character"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			heads := make(chan string, 1)
			addr := script(t, func(head string, nc net.Conn) {
				heads <- head
				io.WriteString(nc, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
			})
			before := tt.header.Clone()
			_, resp, err := (&client.Dialer{Proxy: noProxy, Header: tt.header}).Dial(ctx, strings.ReplaceAll(tt.url, "HOST", addr))
			if diff := cmp.Diff(before, tt.header); diff != "" {
				t.Error("the Dialer's header was changed:", diff)
			}
			if tt.err != "" {
				if err == nil || resp != nil || !strings.Contains(err.Error(), tt.err) || strings.Contains(err.Error(), "secret") {
					t.Errorf("%v; want %q", err, tt.err)
				}
				return
			}
			if resp == nil {
				t.Fatal(err)
			}
			var lines []string
			for line := range strings.SplitSeq(<-heads, "\r\n") {
				name, _, _ := strings.Cut(line, ":")
				switch strings.ToLower(name) {
				case "host", "user-agent", "authorization", "cookie":
					lines = append(lines, line)
				}
			}
			slices.Sort(lines)
			if diff := cmp.Diff(strings.ReplaceAll(tt.want, "HOST", addr), strings.Join(lines, "|")); diff != "" {
				t.Error(diff)
			}
		})
	}
}
