package client_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/frame"
	"hawser/websocket/handshake"
	"hawser/websocket/server"
)

var ctx = context.Background()

// noProxy keeps the environment of the machine out.
func noProxy(*http.Request) (*url.URL, error) { return nil, nil }

var echo = &server.Server{
	Handler: func(ctx context.Context, c *websocket.Conn) {
		for m, err := range c.Messages(ctx) {
			if err != nil || c.Write(ctx, m.Type, m.Data) != nil {
				return
			}
		}
	},
	Subprotocols: []string{"chat"},
}

func ws(httpURL string) string { return "ws" + strings.TrimPrefix(httpURL, "http") }

func roundTrip(t *testing.T, c *websocket.Conn) {
	t.Helper()
	if err := c.Write(ctx, websocket.Text, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, p, err := c.Read(ctx); string(p) != "hello" || err != nil {
		t.Fatalf("%q, %v", p, err)
	}
	if err := c.Close(frame.CodeNormal, ""); err != nil {
		t.Error(err)
	}
}

// script is a server that answers each connection with what respond returns for
// the request's head, and keeps it open.
func script(t *testing.T, respond func(head string, nc net.Conn)) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	t.Cleanup(func() { l.Close(); wg.Wait() })
	wg.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer nc.Close()
				nc.SetDeadline(time.Now().Add(20 * time.Second))
				var head strings.Builder
				br := bufio.NewReader(nc)
				for !strings.HasSuffix(head.String(), "\r\n\r\n") {
					line, err := br.ReadString('\n')
					if err != nil {
						return
					}
					head.WriteString(line)
				}
				respond(head.String(), nc)
				io.Copy(io.Discard, br)
			})
		}
	})
	return l.Addr().String()
}

// header returns the value of a header of head.
func header(head, name string) string {
	for line := range strings.SplitSeq(head, "\r\n") {
		if k, v, ok := strings.Cut(line, ": "); ok && strings.EqualFold(k, name) {
			return v
		}
	}
	return ""
}

func accept(head string) string {
	return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
		handshake.Accept(header(head, "Sec-WebSocket-Key")) + "\r\n"
}

// TestResponses: what servers answer, and what becomes of it.
func TestResponses(t *testing.T) {
	t.Parallel()
	hello := string(frame.Append(nil, frame.Header{Fin: true, Opcode: frame.Text}, []byte("glued")))
	tests := []struct {
		name    string
		respond func(head string) string
		status  int
		err     string
	}{
		{"C4_frames_glued_to_the_head", func(h string) string { return accept(h) + "\r\n" + hello }, 101, ""},
		{"4.1_interim_responses", func(h string) string {
			return strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", 3) + accept(h) + "\r\n" + hello
		}, 101, ""},
		{"C3_storm_of_interim_responses", func(h string) string { return strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 1000) }, 0, "interim"},
		{"C3_head_of_10_MB", func(h string) string { return accept(h) + "X: " + strings.Repeat("a", 10<<20) }, 0, "longer than 65536"},
		{"C1_wrong_accept", func(h string) string { return accept("") + "\r\n" }, 101, "doesn't answer the key"},
		{"C1_200", func(string) string { return "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" }, 200, "200 OK"},
		{"C1_garbage", func(string) string { return "garbage\r\n\r\n" }, 0, "malformed"},
		{"C1_end", func(string) string { return "HTTP/1.1 101 Sw" }, 0, "unexpected EOF"},
		{"C2_subprotocol", func(h string) string { return accept(h) + "Sec-WebSocket-Protocol: other\r\n\r\n" }, 101, "not offered"},
		{"C2_extension", func(h string) string { return accept(h) + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n" }, 101, "not offered"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			addr := script(t, func(head string, nc net.Conn) {
				io.WriteString(nc, tt.respond(head))
				if tt.status != 101 || tt.err != "" {
					nc.(*net.TCPConn).CloseWrite()
				}
			})
			c, resp, err := (&client.Dialer{Proxy: noProxy}).Dial(ctx, "ws://"+addr)
			if (resp == nil) != (tt.status == 0) || resp != nil && resp.StatusCode != tt.status {
				t.Errorf("response %v", resp)
			}
			if tt.err == "" {
				if err != nil {
					t.Fatal(err)
				}
				defer c.CloseNow()
				if _, p, err := c.Read(ctx); string(p) != "glued" || err != nil {
					t.Errorf("%q, %v", p, err)
				}
				return
			}
			var he *client.HandshakeError
			if !errors.As(err, &he) || he.Response != resp || !strings.Contains(err.Error(), tt.err) || !strings.HasPrefix(err.Error(), "websocket: ") {
				t.Fatalf("%v; want %q", err, tt.err)
			}
		})
	}
}

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

// TestRefusalBody is line C1: of a refusal's body at most 1 KiB is kept. That it's
// not waited for longer than the dial may take is in TestSlowServers.
func TestRefusalBody(t *testing.T) {
	t.Parallel()
	addr := script(t, func(head string, nc net.Conn) {
		io.WriteString(nc, "HTTP/1.1 403 Forbidden\r\nX-Why: because\r\nContent-Length: 1000000\r\n\r\n"+strings.Repeat("no", 5000))
	})
	_, resp, err := (&client.Dialer{Proxy: noProxy}).Dial(ctx, "ws://"+addr)
	if err == nil || resp.Header.Get("X-Why") != "because" {
		t.Fatal(resp, err)
	}
	if body, err := io.ReadAll(resp.Body); len(body) != 1024 || err != nil {
		t.Error(len(body), err)
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	addr := script(t, func(string, net.Conn) {})
	d := &client.Dialer{Proxy: noProxy, Timeout: 50 * time.Millisecond}
	if _, _, err := d.Dial(ctx, "ws://"+addr); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	short, cancel := context.WithCancel(ctx)
	cancel()
	if _, _, err := new(client.Dialer).Dial(short, "ws://"+addr); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	dripping := script(t, func(_ string, nc net.Conn) {
		io.WriteString(nc, "HTTP/1.1 101 x\r\nX: ")
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for range tick.C {
			if _, err := io.WriteString(nc, "x"); err != nil {
				return
			}
		}
	})
	if _, _, err := d.Dial(ctx, "ws://"+dripping); !errors.Is(err, context.DeadlineExceeded) {
		t.Error("C3:", err)
	}
	d.Timeout = -1
	short, cancel = context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if _, _, err := d.Dial(short, "ws://"+addr); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

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

func TestTLS(t *testing.T) {
	t.Parallel()
	var alpn []string
	hs := httptest.NewUnstartedServer(echo)
	hs.EnableHTTP2 = true
	hs.StartTLS()
	defer hs.Close()
	getConfig := func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		alpn = h.SupportedProtos
		return nil, nil
	}
	hs.TLS.GetConfigForClient = getConfig
	c, _, err := (&client.Dialer{Proxy: noProxy, HTTPClient: hs.Client()}).Dial(ctx, ws(hs.URL))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"http/1.1"}, alpn); diff != "" {
		t.Error("C8: ALPN:", diff)
	}
	roundTrip(t, c)
	var unknown *tls.CertificateVerificationError
	if _, _, err := (&client.Dialer{Proxy: noProxy}).Dial(ctx, ws(hs.URL)); !errors.As(err, &unknown) {
		t.Error(err)
	}
	_, port, _ := net.SplitHostPort(hs.Listener.Addr().String())
	d := &client.Dialer{Proxy: noProxy, HTTPClient: hs.Client()}
	if _, _, err := d.Dial(ctx, "wss://localhost:"+port); err == nil { // the certificate is for 127.0.0.1
		t.Error("C8: a certificate for another name was accepted")
	}
}

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

// proxy is an HTTP or SOCKS5 proxy that records what it's asked for.
type proxy struct {
	mu    sync.Mutex
	heads []string
}

func (p *proxy) record(s string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heads = append(p.heads, s)
}

func (p *proxy) last() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.heads[len(p.heads)-1]
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.record(r.Method + " " + r.Host + " " + r.Header.Get("Proxy-Authorization") + r.Header.Get("Authorization"))
	if r.Header.Get("Proxy-Authorization") == "" {
		w.WriteHeader(http.StatusProxyAuthRequired)
		io.WriteString(w, "who are you?")
		return
	}
	up, err := net.Dial("tcp", r.Host)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	down, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	io.WriteString(down, "HTTP/1.1 200 Connected\r\n\r\n")
	join(down, up)
}

func join(a, b net.Conn) {
	var wg sync.WaitGroup
	wg.Go(func() { io.Copy(a, b); a.Close() })
	wg.Go(func() { io.Copy(b, a); b.Close() })
	wg.Wait()
}

// socks serves SOCKS5 with the name u and the password p.
func (p *proxy) socks(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer nc.Close()
				b := make([]byte, 300)
				read := func(n int) []byte { io.ReadFull(nc, b[:n]); return b[:n] }
				methods := string(read(int(read(2)[1])))
				if !strings.Contains(methods, "\x02") {
					nc.Write([]byte{5, 255})
					return
				}
				nc.Write([]byte{5, 2})
				name := string(read(int(read(2)[1])))
				password := string(read(int(read(1)[0])))
				if name != "u" || password != "p" {
					nc.Write([]byte{1, 1})
					return
				}
				nc.Write([]byte{1, 0})
				var host string
				switch read(4)[3] {
				case 1:
					host = net.IP(read(4)).String()
				case 4:
					host = net.IP(read(16)).String()
				case 3:
					host = string(read(int(read(1)[0])))
				}
				port := read(2)
				addr := net.JoinHostPort(host, fmt.Sprint(int(port[0])<<8|int(port[1])))
				p.record(addr)
				up, err := net.Dial("tcp", addr)
				if err != nil {
					nc.Write([]byte{5, 5, 0, 1, 0, 0, 0, 0, 0, 0})
					return
				}
				nc.Write([]byte{5, 0, 0, 3, 4, 'h', 'o', 's', 't', 0, 0})
				join(nc, up)
			}()
		}
	}()
	return l.Addr().String()
}

func TestProxies(t *testing.T) {
	t.Parallel()
	plain, secure := httptest.NewServer(echo), httptest.NewTLSServer(echo)
	defer plain.Close()
	defer secure.Close()
	var rec proxy
	httpProxy, httpsProxy := httptest.NewServer(&rec), httptest.NewTLSServer(&rec)
	defer httpProxy.Close()
	defer httpsProxy.Close()
	socksAddr := rec.socks(t)
	through := func(p string) *client.Dialer {
		u, err := url.Parse(p)
		if err != nil {
			t.Fatal(err)
		}
		return &client.Dialer{Proxy: http.ProxyURL(u), HTTPClient: secure.Client(), Timeout: 10 * time.Second}
	}
	login := func(p string) string { return strings.Replace(p, "://", "://u:p@", 1) }
	for _, p := range []string{login(httpProxy.URL), login(httpsProxy.URL), "socks5://u:p@" + socksAddr, "socks5h://u:p@" + socksAddr} {
		for _, target := range []*httptest.Server{plain, secure} {
			to := strings.Replace(ws(target.URL), "://", "://origin:secret@", 1)
			c, _, err := through(p).Dial(ctx, to)
			if err != nil {
				t.Fatal(p, target.URL, err)
			}
			roundTrip(t, c)
			want := target.Listener.Addr().String()
			if strings.HasPrefix(p, "http") {
				want = "CONNECT " + want + " Basic dTpw" // C7: the proxy's credentials, not the origin's
			}
			if got := rec.last(); got != want {
				t.Errorf("%s to %s: asked for %q", p, target.URL, got)
			}
		}
	}
	noSocks, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer noSocks.Close()
	go func() {
		if nc, err := noSocks.Accept(); err == nil {
			defer nc.Close()
			io.WriteString(nc, "220 ready")
			io.Copy(io.Discard, nc)
		}
	}()
	for _, tt := range []struct{ proxy, to, err string }{
		{httpProxy.URL, ws(plain.URL), "407"},
		{login(httpProxy.URL), "ws://127.0.0.1:1", "502"},
		{"socks5://" + socksAddr, ws(plain.URL), "none of the ways to authenticate"},
		{"socks5://u:wrong@" + socksAddr, ws(plain.URL), "refuses the user name"},
		{"socks5://u:p@" + socksAddr, "ws://127.0.0.1:1", "connection refused"},
		{"socks5://u:p@" + socksAddr, "ws://" + strings.Repeat("a", 256) + ":1", "longer than 255"},
		{"socks5://:@" + socksAddr, ws(plain.URL), "too long, or missing"},
		{"ftp://" + socksAddr, ws(plain.URL), "not one of a proxy"},
		{"http://127.0.0.1:1", ws(plain.URL), "refused"},
		{strings.Replace(httpProxy.URL, "http", "https", 1), ws(plain.URL), "TLS"},
		{"socks5://" + noSocks.Addr().String(), ws(plain.URL), "doesn't speak SOCKS5"},
	} {
		_, _, err := through(tt.proxy).Dial(ctx, tt.to)
		if err == nil || !strings.Contains(err.Error(), tt.err) || strings.Contains(err.Error(), "wrong") {
			t.Errorf("%s to %.40s: %v; want %q", tt.proxy, tt.to, err, tt.err)
		}
	}
	var he *client.HandshakeError
	_, _, err = through(httpProxy.URL).Dial(ctx, ws(plain.URL))
	if !errors.As(err, &he) || he.Response == nil {
		t.Fatal(err)
	}
	if body, _ := io.ReadAll(he.Response.Body); string(body) != "who are you?" {
		t.Errorf("%q", body)
	}
	for name, answer := range map[string]string{
		"C7_extra_bytes":   "HTTP/1.1 200 OK\r\n\r\nextra",
		"C7_head_of_10_MB": "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 10<<20),
	} {
		addr := script(t, func(_ string, nc net.Conn) { io.WriteString(nc, answer) })
		if _, _, err := through("http://"+addr).Dial(ctx, ws(plain.URL)); err == nil {
			t.Error(name)
		}
	}
	failing := &client.Dialer{Proxy: func(*http.Request) (*url.URL, error) { return nil, errors.New("no proxy today") }}
	if _, _, err := failing.Dial(ctx, ws(plain.URL)); err == nil || !strings.Contains(err.Error(), "no proxy today") {
		t.Error(err)
	}
}

func ExampleDial() {
	hs := httptest.NewServer(echo)
	defer hs.Close()

	ctx := context.Background()
	c, err := client.Dial(ctx, ws(hs.URL))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.CloseNow()
	c.Write(ctx, websocket.Text, []byte("hello"))
	t, p, err := c.Read(ctx)
	fmt.Printf("%v %q %v\n", t, p, err)
	fmt.Println(c.Close(frame.CodeNormal, "bye"))
	// Output:
	// text "hello" <nil>
	// <nil>
}

func ExampleDialer() {
	hs := httptest.NewServer(echo)
	defer hs.Close()

	d := &client.Dialer{Subprotocols: []string{"v2.chat", "chat"}}
	c, resp, err := d.Dial(context.Background(), ws(hs.URL))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.CloseNow()
	fmt.Println(resp.StatusCode, c.Subprotocol())
	// Output: 101 chat
}
