package client_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hawser/websocket/client"
)

// roundTripper is a Transport of another kind, such as those that add credentials or
// measure.
type roundTripper struct{ http.RoundTripper }

// TestLentTransport: what an http.Client has is used, or refused with a reason, and
// never just ignored.
func TestLentTransport(t *testing.T) {
	t.Parallel()
	called := errors.New("this one was called")
	dial := func(context.Context, string, string) (net.Conn, error) { return nil, called }
	other := errors.New("another one was called")
	not := func(context.Context, string, string) (net.Conn, error) { return nil, other }
	lend := func(t *http.Transport) *http.Client { return &http.Client{Transport: t} }
	for _, tt := range []struct {
		name, url string
		d         client.Dialer
		err       string
	}{
		{"another kind", "ws://example.org", client.Dialer{DialContext: dial, HTTPClient: &http.Client{Transport: roundTripper{http.DefaultTransport}}}, "is a client_test.roundTripper; only an *http.Transport"},
		{"none", "ws://example.org", client.Dialer{DialContext: dial, Proxy: noProxy, HTTPClient: &http.Client{}}, called.Error()},
		{"nil", "ws://example.org", client.Dialer{DialContext: dial, Proxy: noProxy, HTTPClient: lend(nil)}, called.Error()},
		{"DialContext", "ws://example.org", client.Dialer{HTTPClient: lend(&http.Transport{DialContext: dial})}, called.Error()},
		{"the Dialer's rather than the lent one", "ws://example.org", client.Dialer{DialContext: dial, HTTPClient: lend(&http.Transport{DialContext: not})}, called.Error()},
		{"Dial", "ws://example.org", client.Dialer{HTTPClient: lend(&http.Transport{Dial: func(string, string) (net.Conn, error) { return nil, called }})}, called.Error()},
		{"DialTLSContext, which is not for ws", "ws://example.org", client.Dialer{HTTPClient: lend(&http.Transport{DialContext: dial, DialTLSContext: not})}, called.Error()},
		{"DialTLSContext", "wss://example.org", client.Dialer{HTTPClient: lend(&http.Transport{DialContext: not, DialTLSContext: dial})}, called.Error()},
		{"DialTLS", "wss://example.org", client.Dialer{HTTPClient: lend(&http.Transport{DialContext: not, DialTLS: func(string, string) (net.Conn, error) { return nil, called }})}, called.Error()},
		{"the Dialer's DialTLSContext", "wss://example.org", client.Dialer{DialTLSContext: dial, DialContext: not, HTTPClient: lend(&http.Transport{DialTLSContext: not})}, called.Error()},
		{"the Dialer's DialContext rather than a lent DialTLSContext", "wss://example.org", client.Dialer{DialContext: dial, HTTPClient: lend(&http.Transport{DialTLSContext: not})}, called.Error()},
		{"the Dialer's TLSConfig rather than a lent DialTLSContext", "wss://example.org", client.Dialer{TLSConfig: new(tls.Config), HTTPClient: lend(&http.Transport{DialContext: dial, DialTLSContext: not})}, called.Error()},
		{"no Proxy is none", "ws://example.org", client.Dialer{HTTPClient: lend(&http.Transport{DialContext: dial})}, "websocket: " + called.Error()},
		{"Proxy", "ws://example.org", client.Dialer{HTTPClient: lend(&http.Transport{DialContext: dial, Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: "p.example"})})}, "connect at p.example:80, the http proxy: " + called.Error()},
		{"a proxy with TLS", "ws://example.org", client.Dialer{HTTPClient: lend(&http.Transport{DialContext: not, DialTLSContext: dial, Proxy: http.ProxyURL(&url.URL{Scheme: "https", Host: "p.example"})})}, "connect with TLS at p.example:443, the https proxy: " + called.Error()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, _, err := tt.d.Dial(ctx, tt.url); err == nil || !strings.Contains(err.Error(), tt.err) || !strings.HasPrefix(err.Error(), "websocket: ") {
				t.Errorf("%v; want %q", err, tt.err)
			}
		})
	}
}

// TestStuckDial: a lent function that knows no context holds up nobody, and what it
// returns when nobody waits any more is closed.
func TestStuckDial(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		d := &client.Dialer{Timeout: time.Second, HTTPClient: &http.Client{Transport: &http.Transport{Dial: func(string, string) (net.Conn, error) {
			time.Sleep(time.Minute)
			return a, nil
		}}}}
		start := time.Now()
		if _, _, err := d.Dial(context.Background(), "ws://example.org"); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if _, err := b.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("the connection that came late is still open: %v", err)
		}
	})
}

// TestDialTLSContext: a connection with TLS of one's own, whose handshake may be to
// come, and which has to be for HTTP/1.1.
func TestDialTLSContext(t *testing.T) {
	t.Parallel()
	hs := httptest.NewUnstartedServer(echo)
	hs.EnableHTTP2 = true
	hs.StartTLS()
	t.Cleanup(hs.Close)
	config := hs.Client().Transport.(*http.Transport).TLSClientConfig
	for _, tt := range []struct {
		name      string
		protocols []string
		handshake bool // done by the function
		hidden    bool // the connection's type is
		err       string
	}{
		{"handshake done", nil, true, false, ""},
		{"handshake to come", nil, false, false, ""},
		{"HTTP/1.1", []string{"http/1.1"}, false, false, ""},
		{"HTTP/2 or HTTP/1.1", []string{"h2", "http/1.1"}, false, false, "made for HTTP/2"},
		{"wrapped", nil, true, true, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var asked string
			d := &client.Dialer{Proxy: noProxy, DialTLSContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				asked = network + " " + addr
				nc, err := new(net.Dialer).DialContext(ctx, network, addr)
				if err != nil {
					return nil, err
				}
				own := config.Clone()
				own.ServerName, own.NextProtos = "example.com", tt.protocols
				tc := tls.Client(nc, own)
				if tt.handshake {
					if err := tc.HandshakeContext(ctx); err != nil {
						return nil, err
					}
				}
				if tt.hidden {
					return struct{ net.Conn }{tc}, nil
				}
				return tc, nil
			}}
			c, _, err := d.Dial(ctx, ws(hs.URL))
			if want := "tcp " + hs.Listener.Addr().String(); asked != want {
				t.Errorf("asked for %s, want %s", asked, want)
			}
			switch {
			case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
				t.Errorf("%v; want %q", err, tt.err)
			case tt.err == "" && err != nil:
				t.Error(err)
			case err == nil:
				roundTrip(t, c)
			}
		})
	}
}
