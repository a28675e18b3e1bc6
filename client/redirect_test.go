package client_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket/client"
)

// sites is a server with many names: whatever is dialed, it's this one. The path
// /to redirects to its query, /303 and so on with that status, all others answer as
// echo does. It keeps the last request.
type sites struct {
	plain, secure *httptest.Server
	mu            sync.Mutex
	last          *http.Request
}

func newSites(t *testing.T) *sites {
	s := new(sites)
	s.plain, s.secure = httptest.NewServer(s), httptest.NewTLSServer(s)
	t.Cleanup(func() { s.plain.Close(); s.secure.Close() })
	return s
}

func (s *sites) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.last = r
	s.mu.Unlock()
	switch r.URL.Path {
	case "/to", "/dir/to":
		w.Header()["Location"] = []string{r.URL.RawQuery}
		w.WriteHeader(http.StatusFound)
	case "/300", "/301", "/302", "/303", "/304", "/305", "/307", "/308":
		w.Header().Set("Location", "/end")
		var status int
		for _, c := range r.URL.Path[1:] {
			status = 10*status + int(c-'0')
		}
		w.WriteHeader(status)
	default:
		echo.ServeHTTP(w, r)
	}
}

func (s *sites) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if _, port, _ := net.SplitHostPort(addr); port == "443" || port == "8443" {
		return new(net.Dialer).DialContext(ctx, network, s.secure.Listener.Addr().String())
	}
	return new(net.Dialer).DialContext(ctx, network, s.plain.Listener.Addr().String())
}

func (s *sites) transport() *http.Transport {
	config := s.secure.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	config.ServerName = "example.com" // which httptest's certificate has
	return &http.Transport{DialContext: s.dial, TLSClientConfig: config, DisableKeepAlives: true}
}

// arrived is what the last request had of the given headers, with its URL.
func (s *sites) arrived(names ...string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	scheme := "ws://"
	if s.last.TLS != nil {
		scheme = "wss://"
	}
	out := []string{scheme + s.last.Host + s.last.RequestURI}
	for _, name := range names {
		if v := strings.Join(s.last.Header.Values(name), ","); v != "" {
			out = append(out, name+"="+v)
		}
	}
	return strings.Join(out, " ")
}

// TestRedirects: where redirects lead, and what goes along. Where likeHTTP is set,
// net/http's client does the same.
func TestRedirects(t *testing.T) {
	t.Parallel()
	// All that may be a credential, each name in a spelling of its own.
	header := http.Header{
		"authorization": {"1"}, "COOKIE": {"a=b"}, "cookie2": {"3"}, "proxy-authorization": {"4"},
		"www-Authenticate": {"5"}, "proxy-authenticate": {"6"}, "x-other": {"7"},
	}
	names := []string{"Authorization", "Cookie", "Cookie2", "Proxy-Authorization", "Www-Authenticate", "Proxy-Authenticate", "X-Other"}
	const all = " Authorization=1 Cookie=a=b Cookie2=3 Proxy-Authorization=4 Www-Authenticate=5 Proxy-Authenticate=6 X-Other=7"
	const safe = " X-Other=7"
	for _, tt := range []struct {
		name, from, want string
		likeHTTP         bool
	}{
		{"an absolute path", "ws://a.example/to?/end", "ws://a.example/end" + all, true},
		{"a relative path", "ws://a.example/dir/to?end", "ws://a.example/dir/end" + all, true},
		{"dots", "ws://a.example/dir/to?../x/./end", "ws://a.example/x/end" + all, true},
		{"a query", "ws://a.example/303?x", "ws://a.example/end" + all, true},
		{"an escaped slash", "ws://a.example/to?/a%2Fb", "ws://a.example/a%2Fb" + all, true},
		{"an escaped slash beside what has to be escaped", "ws://a.example/to?/a%2Fb|c", "ws://a.example/a%2Fb%7Cc" + all, false},
		{"the same origin", "ws://a.example/to?ws://a.example/end", "ws://a.example/end" + all, false},
		{"the same origin with its port", "ws://a.example/to?http://A.example:80/end", "ws://a.example/end" + all, false},
		{"another host", "ws://a.example/to?http://b.example/end", "ws://b.example/end" + safe, true},
		{"another host without a scheme", "ws://a.example/to?//b.example/end", "ws://b.example/end" + safe, true},
		{"another host that isn't ASCII", "ws://a.example/to?http://b%C3%BCcher.example/end", "ws://xn--bcher-kva.example/end" + safe, true},
		{"a host that has the name at its end", "ws://a.example/to?http://ba.example/end", "ws://ba.example/end" + safe, true},
		{"another port", "ws://a.example/to?ws://a.example:81/end", "ws://a.example:81/end" + safe, false},
		{"a host below", "ws://a.example/to?ws://x.a.example/end", "ws://x.a.example/end" + safe, false},
		{"there and back", "ws://a.example/to?http://b.example/to?http://a.example/end", "ws://a.example/end" + safe, true},
		{"to wss", "ws://a.example/to?wss://a.example/end", "wss://a.example/end" + safe, false},
		{"to wss by https", "ws://a.example/to?https://b.example/end", "wss://b.example/end" + safe, true},
		{"within wss", "wss://a.example/to?/end", "wss://a.example/end" + all, true},
		{"a fragment", "ws://a.example/to?/end%23x", "ws://a.example/end%23x" + all, true},
		{"a user of its own", "ws://a.example/to?http://u:p@b.example/end", "ws://b.example/end Authorization=Basic dTpw" + safe, true},
		{"301", "ws://a.example/301", "ws://a.example/end" + all, true},
		{"302", "ws://a.example/302", "ws://a.example/end" + all, true},
		{"303", "ws://a.example/303", "ws://a.example/end" + all, true},
		{"307", "ws://a.example/307", "ws://a.example/end" + all, true},
		{"308", "ws://a.example/308", "ws://a.example/end" + all, true},
		{"300 is none", "ws://a.example/300", "ws://a.example/300" + all, true},
		{"304 is none", "ws://a.example/304", "ws://a.example/304" + all, true},
		{"305 is none", "ws://a.example/305", "ws://a.example/305" + all, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSites(t)
			d := &client.Dialer{HTTPClient: &http.Client{Transport: s.transport()}, Header: header, MaxRedirects: 3}
			if c, _, err := d.Dial(ctx, tt.from); err == nil {
				roundTrip(t, c)
			} else if !strings.Contains(tt.name, "is none") {
				t.Error(err)
			}
			if diff := cmp.Diff(tt.want, s.arrived(names...)); diff != "" {
				t.Error(diff)
			}
			if !tt.likeHTTP {
				return
			}
			req, err := http.NewRequest(http.MethodGet, strings.Replace(tt.from, "ws", "http", 1), nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header = header.Clone()
			resp, err := (&http.Client{Transport: s.transport()}).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if diff := cmp.Diff(tt.want, s.arrived(names...)); diff != "" {
				t.Error("net/http differs:", diff)
			}
		})
	}
}

// TestUserOnRedirect: the user of the URL stays with its origin.
func TestUserOnRedirect(t *testing.T) {
	t.Parallel()
	for from, want := range map[string]string{
		"ws://u:p@a.example/to?/end":                                           "ws://a.example/end Authorization=Basic dTpw",
		"ws://u:p@a.example/to?http://a.example/end":                           "ws://a.example/end Authorization=Basic dTpw",
		"ws://u:p@a.example/to?http://b.example/end":                           "ws://b.example/end",
		"ws://u:p@a.example/to?http://b.example/to?http://a.example/end":       "ws://a.example/end",
		"ws://u:p@a.example/to?https://a.example/end":                          "wss://a.example/end",
		"ws://u:p@a.example/to?/to?/to?/end":                                   "ws://a.example/end Authorization=Basic dTpw",
		"ws://a.example/to?http://u:p@a.example/to?http://other@a.example/end": "ws://a.example/end Authorization=Basic b3RoZXI6",
	} {
		t.Run(from, func(t *testing.T) {
			t.Parallel()
			s := newSites(t)
			d := &client.Dialer{HTTPClient: &http.Client{Transport: s.transport()}, MaxRedirects: 3}
			c, _, err := d.Dial(ctx, from)
			if err != nil {
				t.Fatal(err)
			}
			roundTrip(t, c)
			if diff := cmp.Diff(want, s.arrived("Authorization")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestHostOnRedirect: a Host of one's own, however it's spelled, is the only one, and
// stays with its origin.
func TestHostOnRedirect(t *testing.T) {
	t.Parallel()
	for from, want := range map[string]string{
		"ws://a.example/end":                        "ws://virtual.example/end",
		"ws://a.example/to?/end":                    "ws://virtual.example/end",
		"ws://a.example/to?http://b.example:81/end": "ws://b.example:81/end",
	} {
		s := newSites(t)
		d := &client.Dialer{HTTPClient: &http.Client{Transport: s.transport()}, MaxRedirects: 1, Header: http.Header{"host": {"virtual.example"}}}
		c, _, err := d.Dial(ctx, from)
		if err != nil {
			t.Fatal(err)
		}
		roundTrip(t, c)
		if diff := cmp.Diff(want, s.arrived("Host")); diff != "" {
			t.Error(diff)
		}
	}
}

// TestRefusedRedirects: those that lead nowhere, with the reason.
func TestRefusedRedirects(t *testing.T) {
	t.Parallel()
	stop := errors.New("stop here")
	for _, tt := range []struct {
		name, from, err string
		check           func(*http.Request, []*http.Request) error
	}{
		{"from wss to ws", "wss://a.example/to?ws://a.example/end", "from wss to ws", nil},
		{"from wss to http", "wss://a.example/to?http://a.example/end", "from wss to ws", nil},
		{"too many", "ws://a.example/to?/to?/to?/to?/to?/end", `"302 Found" after 3 redirects`, nil},
		{"no Location", "ws://a.example/to?", `"302 Found" and no Location`, nil},
		{"another scheme", "ws://a.example/to?file:///etc/passwd", `scheme "file"`, nil},
		{"a script", "ws://a.example/to?javascript:alert(1)", `scheme "javascript"`, nil},
		{"a malformed host", "ws://a.example/to?http://%zz", "malformed URL: the host", nil},
		{"a malformed path", "ws://a.example/to?/%zz", "malformed URL: the path", nil},
		{"a malformed port", "ws://a.example/to?http://u:secret/", "malformed URL: the port", nil},
		{"no host", "ws://a.example/to?http:///x", "no host", nil},
		{"no slashes", "ws://a.example/to?http:x", "no // after", nil},
		{"CheckRedirect says no", "ws://a.example/to?/end", "stop here", func(r *http.Request, via []*http.Request) error {
			if r.URL.Path != "/end" || len(via) != 1 || via[0].URL.Path != "/to" || r.Response.StatusCode != 302 {
				return errors.New("got something else")
			}
			return stop
		}},
		{"CheckRedirect wants the redirect itself", "ws://a.example/to?/end", `"302 Found" instead of 101`,
			func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSites(t)
			d := &client.Dialer{HTTPClient: &http.Client{Transport: s.transport(), CheckRedirect: tt.check}, MaxRedirects: 3}
			_, resp, err := d.Dial(ctx, tt.from)
			var he *client.HandshakeError
			if !errors.As(err, &he) || !strings.Contains(err.Error(), tt.err) || strings.Contains(err.Error(), "secret") {
				t.Fatalf("%v; want %q", err, tt.err)
			}
			if resp == nil || resp != he.Response || resp.StatusCode != http.StatusFound {
				t.Errorf("response %v", resp)
			}
			if tt.name == "CheckRedirect says no" && !errors.Is(err, stop) {
				t.Errorf("the error of CheckRedirect is not in %v", err)
			}
		})
	}
	s := newSites(t)
	_, resp, err := (&client.Dialer{HTTPClient: &http.Client{Transport: s.transport()}}).Dial(ctx, "ws://a.example/302")
	if err == nil || resp == nil || resp.StatusCode != 302 {
		t.Errorf("without MaxRedirects: %v, %v", resp, err)
	}
}

// TestRedirectWithoutLength: nobody waits for the body of a redirect to follow it,
// and its Location may have anything that URLs may have.
func TestRedirectWithoutLength(t *testing.T) {
	t.Parallel()
	for location, want := range map[string]string{
		"/end":        "/end",
		"/ü b?ä=ö'#x": "/%C3%BC%20b?%C3%A4=%C3%B6%27",
		" /end ":      "/end",
	} {
		var targets []string
		var mu sync.Mutex
		addr := script(t, func(head string, nc net.Conn) {
			target := strings.Fields(head)[1]
			mu.Lock()
			targets = append(targets, target)
			mu.Unlock()
			if target == "/" {
				io.WriteString(nc, "HTTP/1.1 302 Found\r\nLocation: "+location+"\r\n\r\n") // and it stays open
			} else {
				io.WriteString(nc, accept(head)+"\r\n")
			}
		})
		c, _, err := (&client.Dialer{Proxy: noProxy, MaxRedirects: 1}).Dial(ctx, "ws://"+addr)
		if err != nil {
			t.Fatal(err)
		}
		c.CloseNow()
		mu.Lock()
		if diff := cmp.Diff([]string{"/", want}, targets); diff != "" {
			t.Errorf("%q: %s", location, diff)
		}
		mu.Unlock()
	}
}

// TestCookiesOnRedirect: a jar's cookies go where they belong.
func TestCookiesOnRedirect(t *testing.T) {
	t.Parallel()
	heads := make(chan string, 10)
	addr := script(t, func(head string, nc net.Conn) {
		heads <- head
		io.WriteString(nc, "HTTP/1.1 302 Found\r\nLocation: /next\r\nSet-Cookie: seen="+strings.Fields(head)[1][1:]+"\r\nContent-Length: 0\r\n\r\n")
	})
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	d := &client.Dialer{Proxy: noProxy, HTTPClient: &http.Client{Jar: jar}, MaxRedirects: 2}
	if _, _, err := d.Dial(ctx, "ws://"+addr+"/first"); err == nil {
		t.Fatal("no error after redirects without end")
	}
	got := []string{header(<-heads, "Cookie"), header(<-heads, "Cookie"), header(<-heads, "Cookie")}
	if diff := cmp.Diff([]string{"", "seen=first", "seen=next"}, got); diff != "" {
		t.Error(diff)
	}
}
