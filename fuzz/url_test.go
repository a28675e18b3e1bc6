package fuzz

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"hawser/websocket/client"
)

// taker is a connection that takes down what is written to it. It answers nothing.
type taker struct {
	net.Conn
	bytes.Buffer
}

func (c *taker) Write(p []byte) (int, error) { return c.Buffer.Write(p) }
func (c *taker) Read([]byte) (int, error)    { return 0, io.EOF }
func (c *taker) Close() error                { return nil }
func (c *taker) SetDeadline(time.Time) error { return nil }

// FuzzURL: whatever a client takes for a URL becomes an address to dial and one
// request that net/http understands, with nothing in it but ASCII; and whatever it
// doesn't take is an error before anything is dialed.
func FuzzURL(f *testing.F) {
	for _, seed := range []string{
		"ws://example.org", "ws://u:p@example.org:81/a%2Fb/ü?q=a b&z='", "wss://bücher.example/x", "ws://[fe80::1%25eth0]:80/",
		"http://ＥＸＡＭＰＬＥ。org?", "ws://ﬁne.example", "ws://a\r\nb/", "ws://h/\r\nX: y", "ws://h/%zz#x", "ws://u\r\n@h", "ws://h:", "ws:h", "//h/x",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		var dialed string
		nc := new(taker)
		d := &client.Dialer{Proxy: http.ProxyURL(nil), DialContext: func(_ context.Context, _, addr string) (net.Conn, error) {
			dialed = addr
			return nc, nil
		}}
		_, _, err := d.Dial(t.Context(), raw)
		if err == nil || !strings.HasPrefix(err.Error(), "websocket: ") {
			t.Fatal(err)
		}
		if dialed == "" {
			var he *client.HandshakeError
			if errors.As(err, &he) {
				t.Errorf("%q: %v without a connection", raw, err)
			}
			return
		}
		host, port, err := net.SplitHostPort(dialed)
		if n, err2 := strconv.ParseUint(port, 10, 16); err != nil || err2 != nil || strconv.FormatUint(n, 10) != port || host == "" || strings.ToLower(host) != host && !strings.Contains(host, "%") {
			t.Errorf("%q: dials %q", raw, dialed)
		}
		if nc.Len() > 0 && nc.Bytes()[0] == 22 {
			return // a handshake of TLS
		}
		br := bufio.NewReader(&nc.Buffer)
		r, err := http.ReadRequest(br)
		if err != nil {
			t.Fatalf("%q: %v", raw, err)
		}
		if rest, _ := io.ReadAll(br); len(rest) > 0 || len(r.Header) < 4 || len(r.Header) > 6 {
			t.Errorf("%q: a request with %v, and then %q", raw, r.Header, rest)
		}
		if r.Method != http.MethodGet || r.Host == "" || !strings.HasPrefix(r.RequestURI, "/") {
			t.Errorf("%q: %s %q of %q", raw, r.Method, r.RequestURI, r.Host)
		}
		for _, c := range []byte(r.RequestURI + r.Host) {
			if c <= ' ' || c > '~' {
				t.Fatalf("%q: %q of %q", raw, r.RequestURI, r.Host)
			}
		}
	})
}
