package server_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hawser/websocket/client"
	"hawser/websocket/server"
)

// TestMiddlewareHeaders: what middleware sets for answers of any kind is no fault of an
// upgrade.
func TestMiddlewareHeaders(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := &server.Server{Handler: echo, Subprotocols: []string{"chat"}, Logger: slog.New(slog.NewTextHandler(&log, nil))}
	url := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range map[string]string{
			"Connection": "keep-alive", "Upgrade": "h2,h2c", "Keep-Alive": "timeout=5", "Content-Length": "5", "Content-Encoding": "gzip",
			"Transfer-Encoding": "chunked", "Trailer": "X", "Sec-WebSocket-Accept": "x", "Sec-WebSocket-Version": "13",
			"Sec-WebSocket-Protocol": "other", "Sec-WebSocket-Extensions": "x", "Server": "s", "Date": "today",
		} {
			w.Header().Set(name, value)
		}
		s.ServeHTTP(w, r)
	}))
	c, resp, err := (&client.Dialer{Subprotocols: []string{"chat"}}).Dial(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	roundTrip(t, c, "hello")
	if c.Subprotocol() != "chat" || resp.Header.Get("Server") != "s" || resp.Header.Get("Date") != "today" {
		t.Error(c.Subprotocol(), resp.Header)
	}
	if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "header=Sec-Websocket-Protocol") {
		t.Errorf("log: %s", &log)
	}
	plain, err := http.Get("http" + strings.TrimPrefix(url, "ws"))
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Body.Close()
	if body, err := io.ReadAll(plain.Body); plain.StatusCode != 426 || !strings.HasPrefix(string(body), "this is a WebSocket endpoint") || err != nil {
		t.Errorf("%s, %q, %v", plain.Status, body, err)
	}
}

// TestRefusedOriginsAreLogged as warnings, but strangers don't fill the log.
func TestRefusedOriginsAreLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s := &server.Server{Handler: echo, Logger: slog.New(slog.NewTextHandler(&log, nil))}
		refused := func(origin, path string) {
			r := httptest.NewRequest("GET", path, nil)
			r.Header = http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Version": {"13"},
				"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}, "Origin": {origin}}
			w := httptest.NewRecorder()
			if s.ServeHTTP(w, r); w.Code != 403 {
				t.Error(w.Code)
			}
		}
		lines := func() int { return strings.Count(log.String(), "level=WARN") }
		refused("https://app.example", "/chat?token=secret")
		for _, want := range []string{"app.example", "host=example.com", "path=/chat", "remote=", "reason=origin"} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("no %s in %s", want, &log)
			}
		}
		if strings.Contains(log.String(), "secret") {
			t.Errorf("log: %s", &log)
		}
		for range 1000 {
			refused("https://evil.example/"+strings.Repeat("x", 10_000), "/"+strings.Repeat("y", 100_000))
		}
		if n := lines(); n != 10 || log.Len() > 20_000 {
			t.Errorf("%d lines, %d bytes", n, log.Len())
		}
		time.Sleep(10 * time.Second)
		refused("https://app.example", "/")
		refused("https://app.example", "/")
		if n := lines(); n != 11 || !strings.Contains(log.String(), "suppressed=991") {
			t.Errorf("%d lines", n)
		}
		time.Sleep(time.Hour)
		for range 100 {
			refused("https://app.example", "/")
		}
		if n := lines(); n != 21 {
			t.Errorf("%d lines", n)
		}
	})
}

// TestHTTPSPageBehindAProxy: a proxy that ends TLS and hands on Host needs no list of
// origins.
func TestHTTPSPageBehindAProxy(t *testing.T) {
	t.Parallel()
	url := start(t, &server.Server{Handler: echo})
	for origin, want := range map[string]int{"https://example.org": 101, "http://example.org": 101, "https://evil.example": 403} {
		_, br := rawDial(t, url, strings.Replace(good, "HOST", "example.org", 1)+"Origin: "+origin+"\r\n", "")
		if resp, err := http.ReadResponse(br, nil); err != nil || resp.StatusCode != want {
			t.Errorf("%s: %v, %v", origin, resp, err)
		}
	}
}

// wrap is a ResponseWriter of some middleware.
type wrap struct{ http.ResponseWriter }

func (w wrap) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// opaque is one that hides what it wraps.
type opaque struct{ http.ResponseWriter }

// TestMiddleware is line H14.
func TestMiddleware(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := &server.Server{Handler: echo, Logger: slog.New(slog.NewTextHandler(&log, nil)), Subprotocols: []string{"v2", "chat"}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /three", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "a=b")
		s.ServeHTTP(wrap{wrap{wrap{w}}}, r)
	})
	mux.HandleFunc("/opaque", func(w http.ResponseWriter, r *http.Request) { s.ServeHTTP(opaque{w}, r) })
	mux.HandleFunc("/split", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X", "a\r\nEvil: b")
		s.ServeHTTP(w, r)
	})
	mux.Handle("/timeout", http.TimeoutHandler(s, time.Minute, ""))
	mux.Handle("/none", &server.Server{Logger: s.Logger})
	mux.Handle("/origins", &server.Server{Handler: echo, Origins: []string{"example.org"}, Logger: s.Logger})
	url := start(t, mux)

	d := &client.Dialer{Subprotocols: []string{"chat", "v2"}}
	c, resp, err := d.Dial(ctx, url+"/three")
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if c.Subprotocol() != "chat" || resp.Header.Get("Set-Cookie") != "a=b" {
		t.Error(c.Subprotocol(), resp.Header)
	}
	roundTrip(t, c, "hello")
	for _, path := range []string{"/opaque", "/split", "/timeout", "/none", "/origins"} {
		_, resp, err := d.Dial(ctx, url+path)
		var he *client.HandshakeError
		if !errors.As(err, &he) || resp == nil || resp.StatusCode != 500 {
			t.Errorf("%s: %v, %v", path, resp, err)
			continue
		}
		if body, _ := io.ReadAll(resp.Body); string(body) != "the server can't upgrade this request\n" {
			t.Errorf("%s: body %q", path, body)
		}
	}
	if !strings.Contains(log.String(), "can't give up its connection") {
		t.Errorf("log: %s", &log)
	}
}
