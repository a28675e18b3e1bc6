package client_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"hawser/websocket/client"
)

// TestRedirects is line C5.
func TestRedirects(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	auth := make(map[string]string)
	mux := http.NewServeMux()
	mux.HandleFunc("/end", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		auth[r.Host] = r.Header.Get("Authorization") + "|" + r.Header.Get("Cookie") + "|" + r.Header.Get("X")
		mu.Unlock()
		echo.ServeHTTP(w, r)
	})
	mux.HandleFunc("/to", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", r.URL.Query().Get("url"))
		w.WriteHeader(http.StatusFound)
	})
	plain, other, secure := httptest.NewServer(mux), httptest.NewServer(mux), httptest.NewTLSServer(mux)
	defer plain.Close()
	defer other.Close()
	defer secure.Close()
	host := func(s *httptest.Server) string { return s.Listener.Addr().String() }

	d := &client.Dialer{
		Proxy:        noProxy,
		HTTPClient:   secure.Client(),
		MaxRedirects: 3,
		Header:       http.Header{"Cookie": {"a=b"}, "X": {"y"}},
	}
	for _, tt := range []struct{ name, from, to, err, host, auth string }{
		{"relative", ws(plain.URL), "/end", "", host(plain), "Basic dTpw|a=b|y"},
		{"same_origin", ws(plain.URL), ws(plain.URL) + "/end", "", host(plain), "Basic dTpw|a=b|y"},
		{"other_origin", ws(plain.URL), other.URL + "/end", "", host(other), "||y"},
		{"to_wss", ws(plain.URL), secure.URL + "/end", "", host(secure), "||y"},
		{"two", ws(plain.URL), "/to?url=/end", "", host(plain), "Basic dTpw|a=b|y"},
		{"to_ws", ws(secure.URL), plain.URL + "/end", "from wss to ws", "", ""},
		{"loop", ws(plain.URL), "/to?url=/to", "302 Found", "", ""},
		{"other_scheme", ws(plain.URL), "file:///etc/passwd", "scheme", "", ""},
		{"malformed", ws(plain.URL), "http://%zz", "malformed", "", ""},
		{"no_host", ws(plain.URL), "http:///x", "no host", "", ""},
	} {
		from := strings.Replace(tt.from, "://", "://u:p@", 1) + "/to?url=" + url.QueryEscape(tt.to)
		if tt.name == "loop" {
			from = strings.Replace(tt.from, "://", "://u:p@", 1) + "/to?url=" + url.QueryEscape("/to?url="+url.QueryEscape("/to?url="+url.QueryEscape("/to?url=/to")))
		}
		c, resp, err := d.Dial(ctx, from)
		if tt.err != "" {
			var he *client.HandshakeError
			if !errors.As(err, &he) || !strings.Contains(err.Error(), tt.err) || resp == nil {
				t.Errorf("%s: %v", tt.name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		mu.Lock()
		if auth[tt.host] != tt.auth {
			t.Errorf("%s: %q", tt.name, auth[tt.host])
		}
		mu.Unlock()
		roundTrip(t, c)
	}
	d.MaxRedirects = 0
	if _, resp, err := d.Dial(ctx, ws(plain.URL)+"/to?url=/end"); err == nil || resp.StatusCode != 302 {
		t.Error(resp, err)
	}
}
