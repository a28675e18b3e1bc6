package client_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket/client"
)

// asked is what a server gets to see of a URL.
type asked struct{ Addr, Host, Target string }

// recorder returns a function that dials a server in memory, which takes down what
// it's asked for and hangs up. For port 443 it takes down the address only.
func recorder() (*asked, func(context.Context, string, string) (net.Conn, error)) {
	seen := new(asked)
	return seen, func(_ context.Context, _, addr string) (net.Conn, error) {
		seen.Addr = addr
		if strings.HasSuffix(addr, ":443") {
			return nil, errors.New("no more is needed")
		}
		a, b := net.Pipe()
		go func() {
			defer b.Close()
			if r, err := http.ReadRequest(bufio.NewReader(b)); err == nil {
				seen.Host, seen.Target = r.Host, r.RequestURI
			}
		}()
		return a, nil
	}
}

// TestURLs: what is made of a URL. Where likeHTTP is set, net/http makes the same of
// it; the other rows are what browsers do.
func TestURLs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, url string
		want      asked
		likeHTTP  bool
	}{
		{"no path", "ws://example.org", asked{"example.org:80", "example.org", "/"}, true},
		{"no path but a query", "ws://example.org?a=b", asked{"example.org:80", "example.org", "/?a=b"}, true},
		{"an empty query", "ws://example.org/x?", asked{"example.org:80", "example.org", "/x?"}, true},
		{"the scheme's own port", "ws://example.org:80/x", asked{"example.org:80", "example.org", "/x"}, false},
		{"another port", "ws://example.org:3000", asked{"example.org:3000", "example.org:3000", "/"}, true},
		{"an empty port", "ws://example.org:/", asked{"example.org:80", "example.org", "/"}, false},
		{"capitals", "WS://Example.ORG:3000/X", asked{"example.org:3000", "example.org:3000", "/X"}, false},
		{"wss", "wss://example.org", asked{"example.org:443", "", ""}, true},
		{"http", "http://example.org/", asked{"example.org:80", "example.org", "/"}, true},
		{"https", "https://example.org/", asked{"example.org:443", "", ""}, true},
		{"spaces around", "  ws://example.org/x ", asked{"example.org:80", "example.org", "/x"}, false},
		{"IPv6", "ws://[::1]:3000", asked{"[::1]:3000", "[::1]:3000", "/"}, true},
		{"IPv6 with a zone", "ws://[fe80::1%25eth0]/", asked{"[fe80::1%eth0]:80", "[fe80::1]", "/"}, true},
		{"IPv6 with a zone as people write it", "ws://[fe80::1%eth0]/", asked{"[fe80::1%eth0]:80", "[fe80::1]", "/"}, false},
		{"a dot at the end", "ws://example.org./", asked{"example.org.:80", "example.org.", "/"}, true},
		{"an underscore", "ws://my_service:80/x", asked{"my_service:80", "my_service", "/x"}, false},

		{"spaces and umlauts in the query", "ws://example.org/?q=a b&z=ü", asked{"example.org:80", "example.org", "/?q=a%20b&z=%C3%BC"}, false},
		{"quotes and brackets in the query", `ws://example.org/?q="<a>'|{b}`, asked{"example.org:80", "example.org", "/?q=%22%3Ca%3E%27|{b}"}, false},
		{"a percent sign in the query", "ws://example.org/?q=100%&r=%zz", asked{"example.org:80", "example.org", "/?q=100%&r=%zz"}, true},
		{"escapes in the query", "ws://example.org/?q=%20%c3%bc+x", asked{"example.org:80", "example.org", "/?q=%20%c3%bc+x"}, true},
		{"a question mark in the query", "ws://example.org/?a?b", asked{"example.org:80", "example.org", "/?a?b"}, true},
		{"spaces and umlauts in the path", "ws://example.org/a b/ü", asked{"example.org:80", "example.org", "/a%20b/%C3%BC"}, true},
		{"an escaped slash", "ws://example.org/a%2Fb", asked{"example.org:80", "example.org", "/a%2Fb"}, true},
		{"an escaped slash beside an umlaut", "ws://example.org/a%2Fb/ü", asked{"example.org:80", "example.org", "/a%2Fb/%C3%BC"}, false},
		{"an escaped slash beside a space", "ws://example.org/a%2Fb/c d", asked{"example.org:80", "example.org", "/a%2Fb/c%20d"}, false},
		{"escapes in small letters", "ws://example.org/%c3%bc%3f", asked{"example.org:80", "example.org", "/%c3%bc%3f"}, true},
		{"what a path may have", "ws://example.org/a;b=c,d:e@f!$&'()*+~[x]", asked{"example.org:80", "example.org", "/a;b=c,d:e@f!$&'()*+~[x]"}, true},
		{"two slashes", "ws://example.org//a//b", asked{"example.org:80", "example.org", "//a//b"}, true},
		{"an asterisk", "ws://example.org/*", asked{"example.org:80", "example.org", "/*"}, true},

		{"an umlaut", "ws://bücher.example/", asked{"xn--bcher-kva.example:80", "xn--bcher-kva.example", "/"}, true},
		{"an umlaut, escaped", "ws://b%C3%BCcher.example/", asked{"xn--bcher-kva.example:80", "xn--bcher-kva.example", "/"}, true},
		{"an umlaut with wss", "wss://bücher.example/", asked{"xn--bcher-kva.example:443", "", ""}, true},
		{"a capital umlaut", "ws://BÜCHER.example/", asked{"xn--bcher-kva.example:80", "xn--bcher-kva.example", "/"}, false},
		{"a sharp s", "ws://faß.example/", asked{"xn--fa-hia.example:80", "xn--fa-hia.example", "/"}, true},
		{"a final sigma", "ws://βόλος.example/", asked{"xn--nxasmm1c.example:80", "xn--nxasmm1c.example", "/"}, true},
		{"all of it Chinese", "ws://例子.测试:8080/", asked{"xn--fsqu00a.xn--0zwm56d:8080", "xn--fsqu00a.xn--0zwm56d:8080", "/"}, true},
		{"a full stop of East Asia", "ws://例子。测试/", asked{"xn--fsqu00a.xn--0zwm56d:80", "xn--fsqu00a.xn--0zwm56d", "/"}, false},
		{"full-width letters", "ws://ｅｘａｍｐｌｅ.org/", asked{"example.org:80", "example.org", "/"}, false},
		{"a soft hyphen", "ws://ex\u00adample.org/", asked{"example.org:80", "example.org", "/"}, false},
		{"Hebrew", "ws://דוגמה.טעסט/", asked{"xn--6dbbec0c.xn--deba0ad:80", "xn--6dbbec0c.xn--deba0ad", "/"}, true},
		{"Hindi", "ws://उदाहरण.परीक्षा/", asked{"xn--p1b6ci4b4b3a.xn--11b5bs3a9aj6g:80", "xn--p1b6ci4b4b3a.xn--11b5bs3a9aj6g", "/"}, true},
		{"a picture", "ws://i❤.example/", asked{"xn--i-7iq.example:80", "xn--i-7iq.example", "/"}, true},
		{"in ASCII already", "ws://xn--bcher-kva.example/", asked{"xn--bcher-kva.example:80", "xn--bcher-kva.example", "/"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			seen, dial := recorder()
			_, _, err := (&client.Dialer{Proxy: noProxy, DialContext: dial}).Dial(ctx, tt.url)
			if diff := cmp.Diff(tt.want, *seen); diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
			if tt.likeHTTP {
				seen, dial := recorder()
				hc := &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}
				hc.Get(strings.Replace(tt.url, "ws", "http", 1))
				if diff := cmp.Diff(tt.want, *seen); diff != "" {
					t.Error("net/http differs:", diff)
				}
			}
		})
	}
}

// TestMalformedURLs: the error says which part is wrong, and nothing has a secret.
func TestMalformedURLs(t *testing.T) {
	t.Parallel()
	d := &client.Dialer{Proxy: noProxy, DialContext: func(_ context.Context, _, addr string) (net.Conn, error) {
		return nil, errors.New("dialed")
	}}
	for _, tt := range []struct{ name, url, err string }{
		{"nothing", "", "no scheme"},
		{"no scheme", "example.org/secret", "no scheme"},
		{"no scheme but a port", "localhost:3000", `scheme "localhost" is neither ws nor wss`},
		{"another scheme", "ftp://user:secret@example.org", `scheme "ftp" is neither ws nor wss`},
		{"no slashes", "ws:example.org", "no // after"},
		{"one slash", "ws:/example.org", "no // after"},
		{"no host", "ws://", "no host"},
		{"no host but a port", "ws://:80", "no host"},
		{"no host but a user", "ws://user:secret@", "no host"},
		{"no host but what isn't seen", "ws://\u00ad/", "no host"},
		{"a fragment", "ws://user:secret@example.org/#secret", "fragment"},
		{"an empty fragment", "ws://example.org/#", "fragment"},
		{"a hash in the password", "ws://user:se#secret@example.org", "fragment"},
		{"a slash in the password", "ws://user:secret/secret@example.org", "port"},
		{"a question mark in the password", "ws://user:secret?secret@example.org", "port"},
		{"a password without a host", "ws://user:secret", "port"},
		{"a port that is no number", "ws://user:secret@example.org:x", "port"},
		{"a port that is too large", "ws://example.org:65536", "port"},
		{"a negative port", "ws://example.org:-1", "port"},
		{"a signed port", "ws://example.org:+80", "port"},
		{"IPv6 without brackets", "ws://::1:80", "brackets"},
		{"two ports", "ws://user:secret:80", "colon"},
		{"an open bracket", "ws://[::1", "not closed"},
		{"behind the bracket", "ws://[::1]x:80", "follows the address"},
		{"IPv4 in brackets", "ws://[127.0.0.1]", "no IPv6 address"},
		{"a name in brackets", "ws://[localhost]", "no IPv6 address"},
		{"an empty zone", "ws://[fe80::1%25]", "no IPv6 address"},
		{"a space in the host", "ws://exa mple.org", `host has the character ' '`},
		{"a backslash in the host", `ws://example.org\x`, `host has the character '\\'`},
		{"an escaped slash in the host", "ws://example%2Forg", `host has the character '/'`},
		{"a full-width slash in the host", "ws://example／org", `host has the character '/'`},
		{"a percent sign in the host", "ws://exam%ple.org", "the host has a"},
		{"a line break in the host", "ws://example\r\n.org", `host has the character`},
		{"a line break in the path", "ws://example.org/\r\nX: y", "control character"},
		{"a line break in the query", "ws://example.org/?\nX: y", "control character"},
		{"a line break in the password", "ws://user:secret\r\n@example.org", "control character"},
		{"a percent sign in the path", "ws://example.org/100%", "path has a"},
		{"a percent sign in the password", "ws://user:secret%se@example.org", "password has a"},
		{"a host that can't be converted", "ws://ﬁne.example", "U+FB01"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, resp, err := d.Dial(ctx, tt.url)
			if err == nil || resp != nil || !strings.Contains(err.Error(), tt.err) || !strings.HasPrefix(err.Error(), "websocket: ") {
				t.Fatalf("%v; want %q", err, tt.err)
			}
			for e := err; e != nil; e = errors.Unwrap(e) {
				if strings.Contains(e.Error(), "se#") || strings.Contains(e.Error(), "secret") || strings.Contains(e.Error(), "%se") {
					t.Errorf("tells the password: %v", e)
				}
			}
		})
	}
}

// TestHostForTLS: the name that TLS asks for and verifies is the converted one.
func TestHostForTLS(t *testing.T) {
	t.Parallel()
	hs := httptest.NewUnstartedServer(echo)
	asked := make(chan string, 1)
	hs.TLS = &tls.Config{GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		asked <- h.ServerName
		return nil, nil
	}}
	hs.StartTLS()
	defer hs.Close()
	d := &client.Dialer{Proxy: noProxy, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, hs.Listener.Addr().String())
	}}
	_, _, err := d.Dial(ctx, "wss://Bücher.example/")
	if name := <-asked; name != "xn--bcher-kva.example" {
		t.Errorf("asked for %q", name)
	}
	if err == nil || !strings.Contains(err.Error(), "not xn--bcher-kva.example") && !strings.Contains(err.Error(), "unknown authority") {
		t.Error(err)
	}
}

// TestZoneForTLS: the zone of an IPv6 address, which is of this host only, is not
// part of what the certificate has to name.
func TestZoneForTLS(t *testing.T) {
	t.Parallel()
	hs := httptest.NewTLSServer(echo) // its certificate is for ::1, too
	defer hs.Close()
	config := hs.Client().Transport.(*http.Transport).TLSClientConfig
	d := &client.Dialer{Proxy: noProxy, TLSConfig: config, DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		if addr != "[::1%lo]:443" {
			t.Errorf("dials %s", addr)
		}
		return new(net.Dialer).DialContext(ctx, network, hs.Listener.Addr().String())
	}}
	c, _, err := d.Dial(ctx, "wss://[::1%25lo]/")
	if err != nil {
		t.Fatal(err)
	}
	roundTrip(t, c)
}
