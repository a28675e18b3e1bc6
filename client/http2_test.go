package client_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/frame"
	"hawser/websocket/server"
	_ "hawser/websocket/server/xconnect"
)

// An h2server is a server over HTTP/2, TLS or not, that counts its TCP connections.
type h2server struct {
	*httptest.Server
	conns atomic.Int32
}

func startHTTP2(t *testing.T, h http.Handler, clear bool) *h2server {
	t.Helper()
	s := &h2server{Server: httptest.NewUnstartedServer(h)}
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.conns.Add(1)
		}
	}
	if clear {
		s.Config.Protocols = new(http.Protocols)
		s.Config.Protocols.SetUnencryptedHTTP2(true)
	}
	if err := server.HTTP2(s.Config); err != nil {
		t.Fatal(err)
	}
	if clear {
		s.Start()
	} else {
		s.EnableHTTP2 = true
		s.StartTLS()
	}
	t.Cleanup(s.Close)
	return s
}

// dialer returns one that trusts s.
func (s *h2server) dialer(pool *client.HTTP2) *client.Dialer {
	d := &client.Dialer{HTTP2: pool, Proxy: noProxy}
	if s.TLS != nil {
		d.TLSConfig = s.Client().Transport.(*http.Transport).TLSClientConfig
	}
	return d
}

func mustDial(t *testing.T, d *client.Dialer, url string, proto string) *websocket.Conn {
	t.Helper()
	c, resp, err := d.Dial(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	if resp.Proto != proto {
		t.Fatalf("%s, want %s", resp.Proto, proto)
	}
	return c
}

// exchange sends a message and reads its echo.
func exchange(t *testing.T, c *websocket.Conn) {
	t.Helper()
	if err := c.Write(ctx, websocket.Text, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, p, err := c.Read(ctx); string(p) != "hello" || err != nil {
		t.Fatalf("%q, %v", p, err)
	}
}

func TestHTTP2(t *testing.T) {
	t.Parallel()
	for name, clear := range map[string]bool{"TLS": false, "clear": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &server.Server{Handler: echo.Handler, Subprotocols: []string{"chat"},
				Config: websocket.Config{MaxMessage: 4 << 20, Compression: &websocket.Compression{}}}
			hs := startHTTP2(t, s, clear)
			d := hs.dialer(&client.HTTP2{Required: clear})
			d.Subprotocols = []string{"chat"}
			d.Config.Compression = &websocket.Compression{}
			for range 5 {
				c := mustDial(t, d, ws(hs.URL), "HTTP/2.0")
				if c.Subprotocol() != "chat" || c.RemoteAddr().String() != hs.Listener.Addr().String() {
					t.Errorf("%q, %v", c.Subprotocol(), c.RemoteAddr())
				}
				exchange(t, c)
				long := strings.Repeat("0123456789", 120_000)
				c.SetMaxMessage(int64(len(long)))
				if err := c.Write(ctx, websocket.Text|websocket.Uncompressed, []byte(long)); err != nil {
					t.Fatal(err)
				}
				if _, p, err := c.Read(ctx); string(p) != long || err != nil {
					t.Fatalf("%d bytes, %v", len(p), err)
				}
				if err := c.Close(4000, "bye"); err != nil {
					t.Error(err)
				}
			}
			if n := hs.conns.Load(); n != 1 {
				t.Errorf("%d TCP connections", n)
			}
		})
	}
}

// TestHTTP2SingleFlight: dials that begin together make one TCP connection.
func TestHTTP2SingleFlight(t *testing.T) {
	t.Parallel()
	hs := startHTTP2(t, &server.Server{Handler: echo.Handler}, false)
	d := hs.dialer(new(client.HTTP2))
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			c, _, err := d.Dial(ctx, ws(hs.URL))
			if err != nil {
				t.Error(err)
				return
			}
			if err := c.Close(frame.CodeNormal, ""); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := hs.conns.Load(); n != 1 {
		t.Errorf("%d TCP connections", n)
	}
}

// TestHTTP2Fallback: a server that has no WebSockets over HTTP/2 gets HTTP/1.1, or it's an
// error if HTTP/2 is required.
func TestHTTP2Fallback(t *testing.T) {
	t.Parallel()
	hs := httptest.NewTLSServer(&server.Server{Handler: echo.Handler}) // HTTP/1.1 only
	t.Cleanup(hs.Close)
	s := &h2server{Server: hs}
	d := s.dialer(new(client.HTTP2))
	for range 2 {
		exchange(t, mustDial(t, d, ws(hs.URL), "HTTP/1.1"))
	}
	_, _, err := s.dialer(&client.HTTP2{Required: true}).Dial(ctx, ws(hs.URL))
	var he *client.HandshakeError
	if !errors.As(err, &he) || !strings.Contains(err.Error(), "required") {
		t.Error(err)
	}
	clear := httptest.NewServer(&server.Server{Handler: echo.Handler})
	t.Cleanup(clear.Close)
	exchange(t, mustDial(t, d, ws(clear.URL), "HTTP/1.1"))
}

// TestHTTP2Refusal: an answer is an answer, with its status, headers and body, and the
// connection stays.
func TestHTTP2Refusal(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.Handle("/", &server.Server{Handler: echo.Handler})
	mux.HandleFunc("/no", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Why", "because")
		http.Error(w, "not today", http.StatusTeapot)
	})
	mux.HandleFunc("/there", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) })
	mux.HandleFunc("/long", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(500)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	hs := startHTTP2(t, mux, false)
	d := hs.dialer(&client.HTTP2{Required: true})
	d.MaxRedirects = 1
	open := mustDial(t, d, ws(hs.URL), "HTTP/2.0")
	for path, want := range map[string]string{"/no": `418`, "/long": "500"} {
		_, resp, err := d.Dial(ctx, ws(hs.URL)+path)
		var he *client.HandshakeError
		if !errors.As(err, &he) || resp == nil || !strings.Contains(err.Error(), want) || path == "/no" && (resp.Header.Get("X-Why") != "because" || !strings.Contains(err.Error(), "not today")) {
			t.Errorf("%s: %v", path, err)
		}
	}
	exchange(t, mustDial(t, d, ws(hs.URL)+"/there", "HTTP/2.0"))
	exchange(t, open)
	if n := hs.conns.Load(); n != 1 {
		t.Errorf("%d TCP connections", n)
	}
}

// TestHTTP2Contexts: the dial's context ends the dial, not the stream; a read's leaves
// the connection usable.
func TestHTTP2Contexts(t *testing.T) {
	t.Parallel()
	silent := make(chan struct{})
	t.Cleanup(func() { close(silent) })
	mux := http.NewServeMux()
	mux.Handle("/", &server.Server{Handler: echo.Handler})
	mux.HandleFunc("/silent", func(w http.ResponseWriter, r *http.Request) { <-silent })
	hs := startHTTP2(t, mux, false)
	d := hs.dialer(new(client.HTTP2))
	short, cancel := context.WithCancel(ctx)
	c, _, err := d.Dial(short, ws(hs.URL))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	read, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	for range 3 {
		if _, _, err := c.Read(read); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		exchange(t, c)
	}
	if _, _, err := d.Dial(read, ws(hs.URL)+"/silent"); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if err := c.Close(frame.CodeNormal, ""); err != nil {
		t.Error(err)
	}
}

// TestHTTP2Proxy: the way to the server is through its proxy, which speaks HTTP/1.1.
func TestHTTP2Proxy(t *testing.T) {
	t.Parallel()
	hs := startHTTP2(t, &server.Server{Handler: echo.Handler}, false)
	var rec proxy
	hp := httptest.NewServer(&rec)
	t.Cleanup(hp.Close)
	u, err := url.Parse(strings.Replace(hp.URL, "://", "://u:p@", 1))
	if err != nil {
		t.Fatal(err)
	}
	d := hs.dialer(&client.HTTP2{Required: true})
	d.Proxy = http.ProxyURL(u)
	exchange(t, mustDial(t, d, ws(hs.URL), "HTTP/2.0"))
	exchange(t, mustDial(t, d, ws(hs.URL), "HTTP/2.0"))
	if len(rec.heads) != 1 {
		t.Errorf("the proxy was asked %q", rec.heads)
	}
}

// TestHTTP2Failures: what fails before HTTP/2 is spoken is told at once.
func TestHTTP2Failures(t *testing.T) {
	t.Parallel()
	hs := startHTTP2(t, &server.Server{Handler: echo.Handler}, false)
	dials := 0
	d := &client.Dialer{Proxy: noProxy, HTTP2: new(client.HTTP2), DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		dials++
		return new(net.Dialer).DialContext(ctx, network, addr)
	}}
	var unknown *tls.CertificateVerificationError
	if _, _, err := d.Dial(ctx, ws(hs.URL)); !errors.As(err, &unknown) || dials != 1 {
		t.Errorf("%d dials, %v", dials, err)
	}
}

// TestHTTP2Ends: sockets end in every way, and beside them others go on.
func TestHTTP2Ends(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	s := &server.Server{Handler: func(ctx context.Context, c *websocket.Conn) {
		if c.Subprotocol() == "deaf" {
			<-c.Done()
		}
		var err error
		for err == nil {
			var p []byte
			var m websocket.MessageType
			if m, p, err = c.Read(ctx); err == nil {
				err = c.Write(ctx, m, p)
			}
		}
		if c.Subprotocol() == "watched" {
			ended <- err
		}
	}, Subprotocols: []string{"watched", "deaf"}}
	hs := startHTTP2(t, s, false)
	d := hs.dialer(new(client.HTTP2))
	other := mustDial(t, d, ws(hs.URL), "HTTP/2.0")
	open := func(name string) *websocket.Conn {
		own := *d
		own.Subprotocols = []string{name}
		own.Config.WriteTimeout = 50 * time.Millisecond
		return mustDial(t, &own, ws(hs.URL), "HTTP/2.0")
	}
	for name, tt := range map[string]struct {
		end  func(c *websocket.Conn)
		want string
	}{
		"close":     {func(c *websocket.Conn) { c.Close(4001, "x") }, "4001"},
		"close now": {func(c *websocket.Conn) { c.CloseNow() }, "connection failed"},
	} {
		c := open("watched")
		exchange(t, c)
		tt.end(c)
		if err := <-ended; err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
		exchange(t, other)
	}
	deaf := open("deaf")
	var err error
	for err == nil {
		err = deaf.Write(ctx, websocket.Binary, make([]byte, 1<<20))
	}
	if !errors.Is(err, websocket.ErrWriteTimeout) {
		t.Error(err)
	}
	exchange(t, other)
	if n := hs.conns.Load(); n != 1 {
		t.Errorf("%d TCP connections", n)
	}
	gone := make(chan error)
	go func() {
		_, _, err := other.Read(ctx)
		gone <- err
	}()
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if err := <-gone; websocket.CloseCode(err) != frame.CodeGoingAway {
		t.Error(err)
	}
	if err := hs.Config.Shutdown(ctx); err != nil {
		t.Error(err)
	}
}
