package client_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hawser/websocket/client"
)

// TestTimeouts: wherever a dial gets stuck, it ends when its time is up, with an
// error that says so to all who ask in one of the usual ways.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	// A server that says something, once it has been asked, and then nothing.
	saying := func(s string) func(context.Context, string, string) (net.Conn, error) {
		return func(context.Context, string, string) (net.Conn, error) {
			a, b := net.Pipe()
			go func() {
				defer b.Close()
				b.Read(make([]byte, 4096))
				go io.WriteString(b, s)
				io.Copy(io.Discard, b)
			}()
			return a, nil
		}
	}
	stuck := func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, errors.New("no way") // as a dialer may that doesn't tell why
	}
	for _, tt := range []struct {
		name, url, proxy string
		dial             func(context.Context, string, string) (net.Conn, error)
	}{
		{"connecting", "ws://example.org", "", stuck},
		{"TLS", "wss://example.org", "", saying("")},
		{"the response", "ws://example.org", "", saying("")},
		{"the middle of the response", "ws://example.org", "", saying("HTTP/1.1 101 Swi")},
		{"the request, which isn't read", "ws://example.org", "", func(context.Context, string, string) (net.Conn, error) {
			a, _ := net.Pipe()
			return a, nil
		}},
		{"connecting to a proxy", "ws://example.org", "http://p.example", stuck},
		{"TLS with a proxy", "ws://example.org", "https://p.example", saying("")},
		{"CONNECT", "ws://example.org", "http://p.example", saying("")},
		{"SOCKS5", "ws://example.org", "socks5://p.example", saying("")},
		{"the middle of SOCKS5", "ws://example.org", "socks5://p.example", saying("\x05\x00")},
		{"TLS behind a proxy", "wss://example.org", "socks5://p.example", saying("\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")},
	} {
		for _, by := range []string{"Timeout", "HTTPClient", "context"} {
			t.Run(tt.name+" by "+by, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					d := &client.Dialer{Proxy: noProxy, DialContext: tt.dial, TLSConfig: &tls.Config{InsecureSkipVerify: true}}
					if tt.proxy != "" {
						u, err := url.Parse(tt.proxy)
						if err != nil {
							t.Fatal(err)
						}
						d.Proxy = http.ProxyURL(u)
					}
					ctx := context.Background()
					switch by {
					case "Timeout":
						d.Timeout = 3 * time.Second
						d.HTTPClient = &http.Client{Timeout: time.Second} // which counts only without the other
					case "HTTPClient":
						d.HTTPClient = &http.Client{Timeout: 3 * time.Second}
					case "context":
						var cancel context.CancelFunc
						ctx, cancel = context.WithTimeout(ctx, 3*time.Second)
						defer cancel()
						d.Timeout = -1
					}
					start := time.Now()
					_, resp, err := d.Dial(ctx, tt.url)
					if took := time.Since(start); took != 3*time.Second || err == nil || resp != nil {
						t.Fatalf("%v after %v, response %v", err, took, resp)
					}
					var timeout net.Error
					if !errors.As(err, &timeout) || !timeout.Timeout() {
						t.Errorf("%v is no timeout to package net", err)
					}
					if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, os.ErrDeadlineExceeded) {
						t.Errorf("%v is no deadline exceeded", err)
					}
					if !strings.HasPrefix(err.Error(), "websocket: ") {
						t.Error(err)
					}
				})
			})
		}
	}
}

// TestCanceled: a dial that is canceled says that, and no more.
func TestCanceled(t *testing.T) {
	t.Parallel()
	for _, proxy := range []func(*http.Request) (*url.URL, error){noProxy, http.ProxyURL(&url.URL{Scheme: "http", Host: "p.example"})} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			time.AfterFunc(time.Second, cancel)
			d := &client.Dialer{Proxy: proxy, DialContext: answering(func(string, net.Conn) {})}
			_, _, err := d.Dial(ctx, "ws://example.org")
			if !errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		})
	}
}
