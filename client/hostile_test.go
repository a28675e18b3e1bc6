package client_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/frame"
)

// answering is a DialContext whose server, in memory, reads a request and answers
// it with what respond writes.
func answering(respond func(head string, nc net.Conn)) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		a, b := net.Pipe()
		go func() {
			defer b.Close()
			var head strings.Builder
			br := bufio.NewReader(b)
			for !strings.HasSuffix(head.String(), "\r\n\r\n") {
				line, err := br.ReadString('\n')
				if err != nil {
					return
				}
				head.WriteString(line)
			}
			go respond(head.String(), b)
			io.Copy(io.Discard, br)
		}()
		return a, nil
	}
}

// TestSlowServers is lines C1 and C3: whatever a server doesn't send, the dial ends
// when its time is up, and not before.
func TestSlowServers(t *testing.T) {
	t.Parallel()
	drip := func(nc net.Conn, s string) {
		for err := error(nil); err == nil; _, err = io.WriteString(nc, s) {
			time.Sleep(100 * time.Millisecond)
		}
	}
	tests := []struct {
		name    string
		respond func(head string, nc net.Conn)
		status  int
		body    string // of a refusal, for which nobody waits longer than a second
	}{
		{"C3_nothing", func(string, net.Conn) {}, 0, ""},
		{"C3_half_a_head", func(h string, nc net.Conn) { io.WriteString(nc, accept(h)) }, 0, ""},
		{"C3_head_without_end", func(h string, nc net.Conn) {
			io.WriteString(nc, accept(h)+"X: ")
			drip(nc, "x")
		}, 0, ""},
		{"C1_body_that_stops", func(_ string, nc net.Conn) {
			io.WriteString(nc, "HTTP/1.1 403 Forbidden\r\nContent-Length: 10\r\n\r\nno")
		}, 403, "no"},
		{"C1_body_that_drips", func(_ string, nc net.Conn) {
			io.WriteString(nc, "HTTP/1.1 403 Forbidden\r\nContent-Length: 1000000\r\n\r\n")
			drip(nc, "no")
		}, 403, strings.Repeat("no", 50)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := &client.Dialer{Proxy: noProxy, Timeout: 5 * time.Second, DialContext: answering(tt.respond)}
				start := time.Now()
				_, resp, err := d.Dial(ctx, "ws://example.org")
				defer time.Sleep(time.Second) // until the server has noticed
				want := 5 * time.Second
				if tt.status != 0 {
					want = time.Second
				}
				if took := time.Since(start); err == nil || took != want {
					t.Errorf("%v after %v", err, took)
				}
				if tt.status == 0 {
					if resp != nil || !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("%v, %v", resp, err)
					}
					return
				}
				if resp == nil || resp.StatusCode != tt.status {
					t.Fatalf("%v, %v", resp, err)
				}
				if body, _ := io.ReadAll(resp.Body); !strings.HasPrefix(tt.body, string(body)) || len(body) == 0 {
					t.Errorf("body %q", body)
				}
			})
		})
	}
}

// TestInterimStorm is line C3: interim responses, however slowly they come, are
// bounded in number and by the time for the dial.
func TestInterimStorm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var sent atomic.Int64
		d := &client.Dialer{Proxy: noProxy, Timeout: time.Hour, DialContext: answering(func(_ string, nc net.Conn) {
			for {
				if _, err := io.WriteString(nc, "HTTP/1.1 103 Early Hints\r\n\r\n"); err != nil {
					return
				}
				sent.Add(1)
				time.Sleep(time.Second)
			}
		})}
		if _, _, err := d.Dial(ctx, "ws://example.org"); err == nil || !strings.Contains(err.Error(), "interim") {
			t.Error(err)
		}
		time.Sleep(2 * time.Second) // until the server has noticed
		if n := sent.Load(); n > 100 {
			t.Errorf("%d interim responses were read", n)
		}
	})
}

// TestKeys is line M2: every attempt has its own key, those after a redirect too.
func TestKeys(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	keys := make(map[string]int)
	hs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		keys[r.Header.Get("Sec-WebSocket-Key")]++
		mu.Unlock()
		http.Redirect(w, r, "/again", http.StatusTemporaryRedirect)
	}))
	defer hs.Close()
	d := &client.Dialer{Proxy: noProxy, MaxRedirects: 4}
	for range 2 {
		if _, _, err := d.Dial(ctx, ws(hs.URL)); err == nil {
			t.Error("no error after redirects without end")
		}
	}
	if len(keys) != 10 {
		t.Errorf("%d keys of 10 attempts: %v", len(keys), keys)
	}
}

// TestTLSBehindProxy is line C8: the name to verify is that of the URL, whoever
// is asked for the way.
func TestTLSBehindProxy(t *testing.T) {
	t.Parallel()
	secure := httptest.NewTLSServer(echo) // its certificate is for 127.0.0.1
	defer secure.Close()
	hp := httptest.NewServer(new(proxy))
	defer hp.Close()
	u, err := url.Parse(strings.Replace(hp.URL, "://", "://u:p@", 1))
	if err != nil {
		t.Fatal(err)
	}
	d := &client.Dialer{Proxy: http.ProxyURL(u), HTTPClient: secure.Client()}
	c, _, err := d.Dial(ctx, ws(secure.URL))
	if err != nil {
		t.Fatal(err)
	}
	roundTrip(t, c)
	_, port, _ := net.SplitHostPort(secure.Listener.Addr().String())
	var wrong *tls.CertificateVerificationError
	if _, _, err := d.Dial(ctx, "wss://localhost:"+port); !errors.As(err, &wrong) {
		t.Error(err)
	}
}

// TestBadServers: whatever a server sends after the handshake, the client ends with
// the error that it deserves, and so does a server that just goes.
func TestBadServers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		frames string
		code   frame.Code
	}{
		"F5_masked":     {"\x81\x80\x00\x00\x00\x00", frame.CodeProtocolError},
		"F2_too_long":   {"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", frame.CodeTooBig},
		"F1_bit_63":     {"\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff", frame.CodeProtocolError},
		"U1_FF":         {"\x81\x01\xff", frame.CodeInvalidPayload},
		"F15_cut_short": {"\x81\x7e\x01", 0},
		"F15_nothing":   {"", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := make(chan string, 1)
			addr := script(t, func(head string, nc net.Conn) {
				fmt.Fprint(nc, accept(head)+"\r\n"+tt.frames)
				nc.(*net.TCPConn).CloseWrite()
				b, _ := io.ReadAll(nc)
				got <- string(b)
			})
			c, _, err := (&client.Dialer{Proxy: noProxy}).Dial(ctx, "ws://"+addr)
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			_, _, err = c.Read(ctx)
			var e *websocket.CloseError
			if !errors.As(err, &e) || e.Code != frame.CodeAbnormal || e.SentCode != tt.code || e.Err == nil {
				t.Errorf("%+v (%v)", e, err)
			}
			c.CloseNow()
			if answer := <-got; (len(answer) == 8 && answer[0] == '\x88') != (tt.code != 0) {
				t.Errorf("the server got % x", answer)
			}
		})
	}
}
