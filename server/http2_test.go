package server_test

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket"
	"hawser/websocket/frame"
	"hawser/websocket/server"
	_ "hawser/websocket/server/xconnect"
)

// startHTTP2 serves h over HTTP/2 with TLS.
func startHTTP2(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	hs := httptest.NewUnstartedServer(h)
	if err := server.HTTP2(hs.Config); err != nil {
		t.Fatal(err)
	}
	hs.EnableHTTP2 = true
	hs.StartTLS()
	t.Cleanup(hs.Close)
	return hs
}

// connect sends an extended CONNECT with net/http alone. header may be nil for what a
// proper one has. What is written to the pipe is the request's stream.
func connect(t *testing.T, hs *httptest.Server, protocol string, header http.Header) (*http.Response, *io.PipeWriter) {
	t.Helper()
	body, w := io.Pipe()
	r, err := http.NewRequest("CONNECT", hs.URL, body)
	if err != nil {
		t.Fatal(err)
	}
	if r.Header = header; header == nil {
		r.Header = http.Header{"Sec-Websocket-Version": {"13"}}
	}
	ctx, cancel := context.WithCancel(httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) {
			if protocol != "" {
				r.Header[":protocol"] = []string{protocol}
			}
		}}))
	t.Cleanup(func() {
		cancel()
		w.CloseWithError(context.Canceled) // or net/http waits for more of the body
	})
	resp, err := hs.Client().Transport.RoundTrip(r.WithContext(ctx))
	if err != nil {
		t.Fatal(err)
	}
	return resp, w
}

func TestConnect(t *testing.T) {
	t.Parallel()
	s := &server.Server{Handler: echo, Subprotocols: []string{"chat"}}
	hs := startHTTP2(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "a=b")
		w.Header().Set("Connection", "close")
		s.ServeHTTP(w, r)
	}))
	resp, w := connect(t, hs, "websocket", http.Header{"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Protocol": {"chat"}})
	resp.Header.Del("Date")
	want := http.Header{"Set-Cookie": {"a=b"}, "Sec-Websocket-Protocol": {"chat"}}
	if d := cmp.Diff(want, resp.Header); resp.StatusCode != 200 || d != "" {
		t.Fatalf("%s %s", resp.Status, d)
	}
	io.WriteString(w, "\x81\x82\x00\x00\x00\x00hi\x88\x82\x00\x00\x00\x00\x03\xe8")
	if p, err := io.ReadAll(resp.Body); string(p) != "\x81\x02hi\x88\x02\x03\xe8" || err != nil {
		t.Errorf("%q, %v", p, err)
	}
	if n := s.Stats().Closed[frame.CodeNormal]; n != 1 {
		t.Errorf("%d closed with code 1000", n)
	}
}

// TestConnectRefusals: a refusal ends its stream, and nothing else on the connection.
func TestConnectRefusals(t *testing.T) {
	t.Parallel()
	s := &server.Server{Handler: echo}
	hs := startHTTP2(t, s)
	open, w := connect(t, hs, "websocket", nil)
	for name, tt := range map[string]struct {
		protocol string
		header   http.Header
		status   int
		want     http.Header
	}{
		"another protocol": {"connect-udp", http.Header{}, 501, nil},
		"no protocol":      {"", http.Header{}, 400, nil},
		"no version":       {"websocket", http.Header{}, 400, http.Header{"Sec-Websocket-Version": {"13"}}},
		"another version":  {"websocket", http.Header{"Sec-Websocket-Version": {"8"}}, 400, http.Header{"Sec-Websocket-Version": {"13"}}},
		"foreign origin":   {"websocket", http.Header{"Sec-Websocket-Version": {"13"}, "Origin": {"https://evil.example"}}, 403, nil},
		"bad subprotocols": {"websocket", http.Header{"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Protocol": {"a b"}}, 400, nil},
	} {
		resp, _ := connect(t, hs, tt.protocol, tt.header)
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if resp.StatusCode != tt.status || resp.Header["Connection"] != nil || resp.Header["Upgrade"] != nil {
			t.Errorf("%s: %s %v", name, resp.Status, resp.Header)
		}
		for h := range tt.want {
			if d := cmp.Diff(tt.want[h], resp.Header[h]); d != "" {
				t.Errorf("%s: %s %s", name, h, d)
			}
		}
	}
	p := make([]byte, 4)
	io.WriteString(w, "\x81\x82\x00\x00\x00\x00hi")
	if _, err := io.ReadFull(open.Body, p); string(p) != "\x81\x02hi" || err != nil {
		t.Errorf("%q, %v", p, err)
	}
}

// TestConnectWrapped: middleware that hides the stream gets the error that hides the connection.
func TestConnectWrapped(t *testing.T) {
	t.Parallel()
	type hidden struct{ http.ResponseWriter }
	s := &server.Server{Handler: func(context.Context, *websocket.Conn) {}}
	hs := startHTTP2(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.ServeHTTP(hidden{w}, r) }))
	resp, _ := connect(t, hs, "websocket", nil)
	if resp.StatusCode != 500 || resp.ProtoMajor != 2 || resp.TLS.Version < tls.VersionTLS12 {
		t.Errorf("%s %s", resp.Proto, resp.Status)
	}
}
