package client

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestProxyVariables: the proxy that the environment names, as net/http and curl
// take it.
func TestProxyVariables(t *testing.T) {
	t.Parallel()
	const direct = ""
	for _, tt := range []struct{ name, env, url, want string }{
		{"none", "", "ws://example.org", direct},
		{"for ws", "HTTP_PROXY=http://p.example:3128", "ws://example.org", "http://p.example:3128"},
		{"for ws, in small letters", "http_proxy=http://p.example:3128", "ws://example.org", "http://p.example:3128"},
		{"not for wss", "HTTP_PROXY=http://p.example:3128", "wss://example.org", direct},
		{"for wss", "HTTPS_PROXY=http://p.example:3128", "wss://example.org", "http://p.example:3128"},
		{"not for ws", "https_proxy=http://p.example:3128", "ws://example.org", direct},
		{"for all", "ALL_PROXY=socks5h://p.example", "wss://example.org", "socks5h://p.example"},
		{"for all, in small letters", "all_proxy=socks5://u:p@p.example", "ws://example.org", "socks5://u:p@p.example"},
		{"for one rather than all", "ALL_PROXY=socks5://p.example HTTP_PROXY=http://q.example", "ws://example.org", "http://q.example"},
		{"capitals rather than small letters", "http_proxy=http://p.example HTTP_PROXY=http://q.example", "ws://example.org", "http://q.example"},
		{"without a scheme", "HTTP_PROXY=p.example:3128", "ws://example.org", "http://p.example:3128"},
		{"without a scheme or a port", "HTTP_PROXY=p.example", "ws://example.org", "http://p.example"},
		{"with a user and no scheme", "HTTP_PROXY=u:p@p.example:3128", "ws://example.org", "http://u:p@p.example:3128"},
		{"with a password that isn't escaped", "HTTP_PROXY=http://u:p|%40@p.example", "ws://example.org", "http://u:p%7C%40@p.example"},
		{"not ASCII", "HTTP_PROXY=http://prüfer.example", "ws://example.org", "http://xn--prfer-lva.example"},
		{"IPv6", "HTTP_PROXY=[::1]:3128", "ws://example.org", "http://[::1]:3128"},
		{"localhost", "ALL_PROXY=p.example", "ws://localhost:80", direct},
		{"loopback", "ALL_PROXY=p.example", "ws://127.1.2.3", direct},
		{"loopback, IPv6", "ALL_PROXY=p.example", "ws://[::1]", direct},

		{"all exempt", "ALL_PROXY=p.example NO_PROXY=*", "ws://example.org", direct},
		{"domain exempt", "ALL_PROXY=p.example NO_PROXY=a.example,example.org", "ws://example.org", direct},
		{"domain exempt in capitals", "ALL_PROXY=p.example no_proxy=EXAMPLE.org", "ws://Example.ORG", direct},
		{"domain exempt with all below", "ALL_PROXY=p.example NO_PROXY=example.org", "ws://x.y.example.org", direct},
		{"only below", "ALL_PROXY=p.example NO_PROXY=.example.org", "ws://example.org", "http://p.example"},
		{"below", "ALL_PROXY=p.example NO_PROXY=.example.org", "ws://x.example.org", direct},
		{"below, with a star", "ALL_PROXY=p.example NO_PROXY=*.example.org", "ws://x.example.org", direct},
		{"another that ends alike", "ALL_PROXY=p.example NO_PROXY=example.org", "ws://anexample.org", "http://p.example"},
		{"domain that isn't ASCII", "ALL_PROXY=p.example NO_PROXY=bücher.example", "ws://BÜCHER.example", direct},
		{"dot at the end", "ALL_PROXY=p.example NO_PROXY=example.org", "ws://example.org.", direct},
		{"that port", "ALL_PROXY=p.example NO_PROXY=example.org:81", "ws://example.org:81", direct},
		{"another port", "ALL_PROXY=p.example NO_PROXY=example.org:81", "ws://example.org", "http://p.example"},
		{"address", "ALL_PROXY=p.example NO_PROXY=192.0.2.1", "ws://192.0.2.1", direct},
		{"address with its port", "ALL_PROXY=p.example NO_PROXY=192.0.2.1:80", "ws://192.0.2.1", direct},
		{"address with another port", "ALL_PROXY=p.example NO_PROXY=192.0.2.1:81", "ws://192.0.2.1", "http://p.example"},
		{"IPv6 address", "ALL_PROXY=p.example NO_PROXY=2001:db8::1", "ws://[2001:db8::1]", direct},
		{"IPv6 address in brackets", "ALL_PROXY=p.example NO_PROXY=[2001:db8::1]:80", "ws://[2001:db8::1]", direct},
		{"network", "ALL_PROXY=p.example NO_PROXY=192.0.2.0/24", "ws://192.0.2.77", direct},
		{"another network", "ALL_PROXY=p.example NO_PROXY=192.0.3.0/24", "ws://192.0.2.77", "http://p.example"},
		{"a name is in no network", "ALL_PROXY=p.example NO_PROXY=0.0.0.0/0", "ws://example.org", "http://p.example"},
		{"white space", "ALL_PROXY=p.example NO_PROXY=,a.example,,\texample.org,", "ws://example.org", direct},
		{"malformed, but exempt", "ALL_PROXY=ftp://p.example NO_PROXY=example.org", "ws://example.org", direct},

		{"another scheme", "HTTP_PROXY=ftp://u:secret@p.example", "ws://example.org", `error HTTP_PROXY: the scheme "ftp" is not one of a proxy`},
		{"SOCKS4", "all_proxy=socks4://u:secret@p.example", "ws://example.org", `error all_proxy: the scheme "socks4" is not one of a proxy`},
		{"no port where there should be", "HTTPS_PROXY=http://u:secret", "wss://example.org", "error HTTPS_PROXY: the port is not"},
		{"no host", "https_proxy=http://", "wss://example.org", "error https_proxy: it has no host"},
		{"an escape", "HTTP_PROXY=http://u:secret%zz@p.example", "ws://example.org", "error HTTP_PROXY: the user name or the password has a"},
		{"a control character", "HTTP_PROXY=http://u:secret\x01@p.example", "ws://example.org", "error HTTP_PROXY: the user name or the password has a"},
		{"no scheme", "HTTP_PROXY=://p.example", "ws://example.org", "error HTTP_PROXY: "},
		{"in a CGI program", "HTTP_PROXY=p.example REQUEST_METHOD=GET", "ws://example.org", "error HTTP_PROXY may come from a stranger"},
		{"in a CGI program, in small letters", "http_proxy=p.example REQUEST_METHOD=GET", "ws://example.org", "http://p.example"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			u, err := parseURL(tt.url)
			if err != nil {
				t.Fatal(err)
			}
			getenv := func(name string) string {
				for v := range strings.SplitSeq(tt.env, " ") {
					if value, ok := strings.CutPrefix(v, name+"="); ok {
						return value
					}
				}
				return ""
			}
			proxy, err := proxyFrom(getenv, &http.Request{URL: u})
			got := direct
			if err != nil {
				got = "error " + err.Error()
			} else if proxy != nil {
				got = proxy.String()
			}
			if strings.HasPrefix(tt.want, "error") && strings.HasPrefix(got, tt.want) && !strings.Contains(got, "secret") {
				return
			}
			if got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// TestProxyVariablesOfDial: a variable that names no proxy is an error of every Dial
// that it counts for, also where the function of net/http is given, which goes
// without it. It's not parallel, as it sets the environment.
func TestProxyVariablesOfDial(t *testing.T) {
	for _, name := range []string{"http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"} {
		t.Setenv(name, "")
	}
	t.Setenv("HTTP_PROXY", "socks://u:secret@p.example")
	for name, d := range map[string]*Dialer{
		"nil":          {},
		"net/http's":   {Proxy: http.ProxyFromEnvironment},
		"lent":         {HTTPClient: &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment}}},
		"the default":  {HTTPClient: &http.Client{Transport: http.DefaultTransport}},
		"no Transport": {HTTPClient: http.DefaultClient},
	} {
		d.DialContext = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("dialed") }
		_, _, err := d.Dial(t.Context(), "ws://example.org")
		if err == nil || !strings.HasPrefix(err.Error(), "websocket: proxy: HTTP_PROXY: ") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	direct := map[string]*Dialer{
		"no proxy lent": {HTTPClient: &http.Client{Transport: &http.Transport{}}},
		"none":          {Proxy: http.ProxyURL(nil)},
		"none of one's own": {Proxy: func(*http.Request) (*url.URL, error) { return nil, nil },
			HTTPClient: &http.Client{Transport: http.DefaultTransport}},
	}
	for name, d := range direct {
		d.DialContext = func(_ context.Context, _, addr string) (net.Conn, error) { return nil, errors.New("dialed " + addr) }
		if _, _, err := d.Dial(t.Context(), "ws://example.org"); err == nil || !strings.Contains(err.Error(), "dialed example.org:80") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
