package client_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"hawser/websocket/client"
)

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
