package client_test

import (
	"bufio"
	"context"
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

	"github.com/google/go-cmp/cmp"

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
}

// TestProxyErrors: what a proxy does wrong is told with its kind, its address and
// the step that failed, and without its password.
func TestProxyErrors(t *testing.T) {
	t.Parallel()
	plain := httptest.NewServer(echo)
	t.Cleanup(plain.Close)
	var rec proxy
	httpProxy := httptest.NewServer(&rec)
	t.Cleanup(httpProxy.Close)
	web := httpProxy.Listener.Addr().String()
	socks := rec.socks(t)
	target := plain.Listener.Addr().String()
	// A server that sends something and hangs up.
	answering := func(s string) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		go func() {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			defer nc.Close()
			nc.Read(make([]byte, 1024))
			io.WriteString(nc, s)
			nc.(*net.TCPConn).CloseWrite()
			io.Copy(io.Discard, nc)
		}()
		return l.Addr().String()
	}
	for _, tt := range []struct{ name, proxy, to, step, err string }{
		{"nobody there", "http://u:secret@127.0.0.1:1", target, "connect", "connection refused"},
		{"nobody there, SOCKS5", "socks5h://u:secret@127.0.0.1:1", target, "connect", "connection refused"},
		{"no TLS", "https://u:secret@" + web, target, "TLS handshake", "TLS"},
		{"hangs up", "http://u:secret@" + answering(""), target, "CONNECT " + target, "unexpected EOF"},
		{"no HTTP", "http://u:secret@" + answering("220 ready\r\n\r\n"), target, "CONNECT " + target, "malformed HTTP"},
		{"a long head", "http://u:secret@" + answering("HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 1<<20)), target, "CONNECT " + target, "longer than 65536"},
		{"bytes behind the head", "http://u:secret@" + answering("HTTP/1.1 200 OK\r\n\r\nextra"), target, "CONNECT " + target, "5 bytes behind"},
		{"wants a password", "http://" + web, target, "CONNECT " + target, `"407 Proxy Authentication Required": "who are you?"`},
		{"can't connect", "http://u:secret@" + web, "127.0.0.1:1", "CONNECT 127.0.0.1:1", "502"},
		{"a redirect", "http://u:secret@" + answering("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n"), target, "CONNECT " + target, "302"},
		{"hangs up, SOCKS5", "socks5://u:secret@" + answering(""), target, "SOCKS5 greeting", "it closed the connection"},
		{"hangs up in the middle, SOCKS5", "socks5://" + answering("\x05"), target, "SOCKS5 greeting", "it closed the connection"},
		{"hangs up later, SOCKS5", "socks5://u:secret@" + answering("\x05\x02"), target, "SOCKS5 authentication", "it closed the connection"},
		{"hangs up at last, SOCKS5", "socks5://" + answering("\x05\x00"), target, "SOCKS5 request for " + target, "it closed the connection"},
		{"no SOCKS5", "socks5://" + answering("220 ready"), target, "SOCKS5 greeting", "doesn't speak SOCKS5"},
		{"wants a password, SOCKS5", "socks5://" + socks, target, "SOCKS5 greeting", "none of the ways to authenticate"},
		{"another password, SOCKS5", "socks5://u:secret@" + socks, target, "SOCKS5 authentication", "refuses the user name"},
		{"no user, SOCKS5", "socks5://:@" + socks, target, "SOCKS5 authentication", "too long, or missing"},
		{"can't connect, SOCKS5", "socks5://u:p@" + socks, "127.0.0.1:1", "SOCKS5 request for 127.0.0.1:1", "connection refused"},
		{"a long name, SOCKS5", "socks5://u:p@" + socks, strings.Repeat("a", 256) + ":1", "SOCKS5 request for " + strings.Repeat("a", 256) + ":1", "longer than 255"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			u, err := url.Parse(tt.proxy)
			if err != nil {
				t.Fatal(err)
			}
			_, resp, err := (&client.Dialer{Proxy: http.ProxyURL(u)}).Dial(ctx, "ws://"+tt.to)
			var pe *client.ProxyError
			if !errors.As(err, &pe) || resp != nil {
				t.Fatalf("%v, response %v", err, resp)
			}
			want := client.ProxyError{Kind: u.Scheme, Addr: u.Host, Step: tt.step, Err: pe.Err}
			if diff := cmp.Diff(want, *pe, cmp.Comparer(func(a, b error) bool { return a == b })); diff != "" {
				t.Error(diff)
			}
			text := err.Error()
			for _, part := range []string{"websocket: " + tt.step, u.Host, u.Scheme + " proxy", tt.err} {
				if !strings.Contains(text, part) {
					t.Errorf("%q lacks %q", text, part)
				}
			}
			if strings.Contains(text, "secret") {
				t.Errorf("%q tells the password", text)
			}
			var he *client.HandshakeError
			if tt.name == "wants a password" && (!errors.As(err, &he) || he.Response.StatusCode != http.StatusProxyAuthRequired) {
				t.Errorf("the proxy's response is not in %v", err)
			}
		})
	}
}

// TestBadProxies: what Proxy returns and can't be used is an error, and nothing is
// dialed.
func TestBadProxies(t *testing.T) {
	t.Parallel()
	_, unparsable := url.Parse("http://user:secret")
	for _, tt := range []struct {
		proxy *url.URL
		fails error
		err   string
	}{
		{nil, errors.New("no proxy today"), "no proxy today"},
		{nil, unparsable, "its URL is malformed"},
		{&url.URL{Scheme: "ftp", Host: "p.example"}, nil, `the scheme "ftp" is not one of a proxy`},
		{&url.URL{Host: "p.example"}, nil, "is not one of a proxy"},
		{&url.URL{Scheme: "socks4", Host: "p.example"}, nil, "is not one of a proxy"},
		{&url.URL{Scheme: "http"}, nil, "no host"},
		{&url.URL{Scheme: "http", Host: ":80"}, nil, "no host"},
		{&url.URL{Scheme: "http", Host: "p.example:x"}, nil, "the port"},
		{&url.URL{Scheme: "http", Opaque: "p.example:80"}, nil, "no host"},
	} {
		d := &client.Dialer{
			Proxy: func(*http.Request) (*url.URL, error) { return tt.proxy, tt.fails },
			DialContext: func(_ context.Context, _, addr string) (net.Conn, error) {
				t.Errorf("dials %s", addr)
				return nil, errors.New("dialed")
			},
		}
		_, _, err := d.Dial(ctx, "ws://example.org")
		if err == nil || !strings.HasPrefix(err.Error(), "websocket: proxy: ") || !strings.Contains(err.Error(), tt.err) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%v, %v: %v; want %q", tt.proxy, tt.fails, err, tt.err)
		}
	}
}

// TestProxyNames: a host that isn't ASCII is converted for a proxy, and so is the
// proxy's own; an IPv6 zone is left out, as in net/http.
func TestProxyNames(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ to, connect string }{
		{"ws://bücher.example/", "xn--bcher-kva.example:80"},
		{"wss://bücher.example/", "xn--bcher-kva.example:443"},
		{"ws://[fe80::1%25eth0]:81/", "[fe80::1]:81"},
	} {
		var dialed, target, host string
		d := &client.Dialer{
			Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: "Prüfer.example"}),
			DialContext: func(_ context.Context, _, addr string) (net.Conn, error) {
				dialed = addr
				a, b := net.Pipe()
				go func() {
					defer b.Close()
					if r, err := http.ReadRequest(bufio.NewReader(b)); err == nil {
						target, host = r.RequestURI, r.Host
					}
				}()
				return a, nil
			},
		}
		d.Dial(ctx, tt.to)
		if dialed != "xn--prfer-lva.example:80" || target != tt.connect || host != tt.connect {
			t.Errorf("%s: dials %s, asks for %s with Host %s", tt.to, dialed, target, host)
		}
		if strings.HasPrefix(tt.to, "wss") { // net/http asks for a tunnel only then
			dialed, target, host = "", "", ""
			hc := &http.Client{Transport: &http.Transport{Proxy: d.Proxy, DialContext: d.DialContext}}
			hc.Get(strings.Replace(tt.to, "ws", "http", 1))
			if dialed != "xn--prfer-lva.example:80" || target != tt.connect || host != tt.connect {
				t.Errorf("%s: net/http dials %s, asks for %s with Host %s", tt.to, dialed, target, host)
			}
		}
	}
}

// TestConnectHeader: what goes along with CONNECT, and only with that.
func TestConnectHeader(t *testing.T) {
	t.Parallel()
	secure := httptest.NewTLSServer(echo)
	defer secure.Close()
	var rec proxy
	hp := httptest.NewServer(&rec)
	defer hp.Close()
	u, err := url.Parse(hp.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := func() *http.Transport { return secure.Client().Transport.(*http.Transport).Clone() }
	lent := transport()
	lent.ProxyConnectHeader = http.Header{"Proxy-Authorization": {"lent"}}
	asking := transport()
	asking.GetProxyConnectHeader = func(_ context.Context, proxy *url.URL, target string) (http.Header, error) {
		if proxy.Host != u.Host || target != secure.Listener.Addr().String() {
			return nil, fmt.Errorf("asked for %v, %s", proxy, target)
		}
		return http.Header{"Proxy-Authorization": {"asked"}}, nil
	}
	for _, tt := range []struct {
		name string
		d    *client.Dialer
		user *url.Userinfo
		want string
	}{
		{"the Dialer's", &client.Dialer{ProxyConnectHeader: http.Header{"proxy-authorization": {"mine"}}, HTTPClient: &http.Client{Transport: transport()}}, nil, "mine"},
		{"before the URL's", &client.Dialer{ProxyConnectHeader: http.Header{"proxy-authorization": {"mine"}}, HTTPClient: &http.Client{Transport: transport()}}, url.User("u"), "mine"},
		{"before what is lent", &client.Dialer{ProxyConnectHeader: http.Header{"Proxy-Authorization": {"mine"}}, HTTPClient: &http.Client{Transport: lent}}, nil, "mine"},
		{"lent", &client.Dialer{HTTPClient: &http.Client{Transport: lent}}, nil, "lent"},
		{"lent function", &client.Dialer{HTTPClient: &http.Client{Transport: asking}}, nil, "asked"},
		{"the URL's", &client.Dialer{HTTPClient: &http.Client{Transport: transport()}}, url.UserPassword("u", "p"), "Basic dTpw"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			through := *u
			through.User = tt.user
			tt.d.Proxy = http.ProxyURL(&through)
			c, _, err := tt.d.Dial(ctx, ws(secure.URL))
			if err != nil {
				t.Fatal(err)
			}
			roundTrip(t, c)
			if want := "CONNECT " + secure.Listener.Addr().String() + " " + tt.want; rec.last() != want {
				t.Errorf("%q, want %q", rec.last(), want)
			}
		})
	}
	refusing := transport()
	refusing.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
		return fmt.Errorf("status %d is not welcome", resp.StatusCode)
	}
	d := &client.Dialer{Proxy: http.ProxyURL(u), HTTPClient: &http.Client{Transport: refusing}, ProxyConnectHeader: http.Header{"Proxy-Authorization": {"x"}}}
	if _, _, err := d.Dial(ctx, ws(secure.URL)); err == nil || !strings.Contains(err.Error(), "status 200 is not welcome") {
		t.Errorf("OnProxyConnectResponse: %v", err)
	}
}
