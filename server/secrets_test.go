package server_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/handshake"
	"hawser/websocket/server"
)

// TestNoSecrets: what clients are refused with has none of the server's own errors,
// and the log, however much is logged, no query, credentials or messages.
func TestNoSecrets(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer // written by handlers, which have ended when it's read
	s := &server.Server{
		Handler: echo,
		Logger:  slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Check: func(r *http.Request) error {
			switch r.URL.Path {
			case "/internal":
				return errors.New("can't reach db.internal")
			case "/told":
				return &handshake.Refusal{Status: 401, Reason: "no token"}
			}
			return nil
		},
	}
	url := strings.Replace(start(t, s), "//", "//user:secret-password@", 1)
	d := &client.Dialer{Header: http.Header{"Cookie": {"id=secret-cookie"}, "X": {"secret-header"}}}
	for path, want := range map[string]string{"/internal": "not allowed\n", "/told": "no token\n"} {
		_, resp, err := d.Dial(ctx, url+path+"?token=secret-query")
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Error(err)
		}
		if body, _ := io.ReadAll(resp.Body); string(body) != want {
			t.Errorf("%s: %q", path, body)
		}
	}
	c, _, err := d.Dial(ctx, url+"/ok?token=secret-query")
	if err != nil {
		t.Fatal(err)
	}
	roundTrip(t, c, "secret-message")
	c.Write(ctx, websocket.Text, []byte("secret-\xff"))
	_, _, err = c.Read(ctx)
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	got := log.String()
	for _, want := range []string{"path=/internal", "db.internal", "path=/told", "status=401", "path=/ok", "code=1007", "lasted="} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not logged", want)
		}
	}
	if strings.Contains(got, "secret") {
		t.Errorf("logged:\n%s", got)
	}
}

// TestSplitting is line H13 through net/http: neither what the application sets nor
// what it refuses with becomes a header of its own.
func TestSplitting(t *testing.T) {
	t.Parallel()
	const evil = "a\r\nEvil: b\r\n\r\nc"
	tests := []struct {
		name   string
		s      *server.Server
		header string // set before the upgrade
		status int
	}{
		{"header", &server.Server{}, evil, 500},
		{"subprotocol", &server.Server{Subprotocols: []string{evil}}, "", 101}, // nobody can ask for it
		{"refusal", &server.Server{Check: func(*http.Request) error {
			return &handshake.Refusal{Status: 401, Header: http.Header{"Www-Authenticate": {evil}}, Reason: evil}
		}}, "", 401},
		{"error", &server.Server{Check: func(*http.Request) error { return errors.New(evil) }}, "", 403},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.s.Handler = echo
			tt.s.Logger = slog.New(slog.DiscardHandler)
			url := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if tt.header != "" {
					w.Header().Set("X", tt.header)
				}
				tt.s.ServeHTTP(w, r)
			}))
			_, got, h := status(t, url, nil)
			if got != tt.status || h["Evil"] != nil {
				t.Errorf("status %d, want %d: %v", got, tt.status, h)
			}
		})
	}
}

// TestNoCredentialsInErrors: whatever goes wrong with a dial, its error has nothing
// of the credentials, neither the server's nor a proxy's.
func TestNoCredentialsInErrors(t *testing.T) {
	t.Parallel()
	refuses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, "gopher://user:secret@example.org/", http.StatusFound)
		case "/malformed":
			w.Header().Set("Location", "http://user:secret@[")
			w.WriteHeader(http.StatusFound)
		default:
			w.WriteHeader(http.StatusProxyAuthRequired)
		}
	}))
	defer refuses.Close()
	host := strings.TrimPrefix(refuses.URL, "http://")
	gone := httptest.NewServer(nil)
	nobody := strings.TrimPrefix(gone.URL, "http://")
	gone.Close()
	tests := []struct{ name, url, proxy string }{
		{"nobody_there", "ws://user:secret@" + nobody, ""},
		{"refused", "ws://user:secret@" + host, ""},
		{"no_TLS", "wss://user:secret@" + host, ""},
		{"redirect", "ws://user:secret@" + host + "/redirect", ""},
		{"redirect_to_a_malformed_URL", "ws://user:secret@" + host + "/malformed", ""},
		{"port", "ws://user:secret@example.org:x", ""},
		{"host", "ws://user:secret@", ""},
		{"scheme", "ftp://user:secret@example.org", ""},
		{"fragment", "ws://user:secret@example.org#secret", ""},
		{"escape", "ws://user:secret%zz@example.org", ""},
		{"proxy_refuses", "ws://user:secret@example.org", "http://user:secret@" + host},
		{"nobody_at_the_proxy", "ws://user:secret@example.org", "http://user:secret@" + nobody},
		{"proxy_without_TLS", "ws://user:secret@example.org", "https://user:secret@" + host},
		{"proxy_without_SOCKS", "ws://user:secret@example.org", "socks5://user:secret@" + host},
		{"proxy_scheme", "ws://user:secret@example.org", "ftp://user:secret@" + host},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := &client.Dialer{MaxRedirects: 1, Proxy: http.ProxyURL(nil), Header: http.Header{"Cookie": {"secret"}}}
			if tt.proxy != "" {
				u, err := url.Parse(tt.proxy)
				if err != nil {
					t.Fatal(err)
				}
				d.Proxy = http.ProxyURL(u)
			}
			c, _, err := d.Dial(ctx, tt.url)
			if err == nil {
				c.CloseNow()
				t.Fatal("connected")
			}
			for e := err; e != nil; e = errors.Unwrap(e) {
				if strings.Contains(e.Error(), "secret") || strings.Contains(e.Error(), "dXNlc") {
					t.Errorf("%T: %v", e, e)
				}
			}
		})
	}
}
