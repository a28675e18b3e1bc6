package server_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/frame"
	"hawser/websocket/handshake"
	"hawser/websocket/server"
)

// serve has s serve a listener of its own until the test ends, and returns its URL.
func serve(t *testing.T, s *server.Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serveOn(t, s, l)
	return "ws://" + l.Addr().String()
}

func serveOn(t *testing.T, s *server.Server, l net.Listener) {
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
}

// servePipe has s serve connections in memory, in the bubble of a test.
func servePipe(t *testing.T, s *server.Server, wrap ...func(net.Conn) net.Conn) (dial func() net.Conn) {
	l := pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	serveOn(t, s, l)
	return func() net.Conn {
		near, far := net.Pipe()
		for _, w := range wrap {
			far = w(far)
		}
		l.conns <- far
		return near
	}
}

// certificate is that of net/http/httptest.
var certificate = sync.OnceValue(func() tls.Certificate {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	return s.TLS.Certificates[0]
})

// TestServeShutdown: Serve returns, heads that are under way are refused, connections are
// told to go, and no goroutine is left: else the bubble would not end.
func TestServeShutdown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &server.Server{Handler: echo}
		l := pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
		ended := make(chan error, 1)
		go func() { ended <- s.Serve(l) }()
		connect := func() net.Conn {
			near, far := net.Pipe()
			l.conns <- far
			return near
		}
		silent, half, done := connect(), connect(), connect()
		io.WriteString(half, "GET / HTTP/1.1\r\nHo")
		io.WriteString(done, strings.Replace(good, "HOST", "a", 1)+"\r\n")
		br := bufio.NewReader(done)
		if resp, err := http.ReadResponse(br, nil); err != nil || resp.StatusCode != 101 {
			t.Fatal(resp, err)
		}
		synctest.Wait()
		down := make(chan error, 1)
		go func() { down <- s.Shutdown(ctx) }()
		if err := <-ended; err != http.ErrServerClosed {
			t.Error(err)
		}
		for _, nc := range []net.Conn{silent, half} {
			resp, err := http.ReadResponse(bufio.NewReader(nc), nil)
			if err != nil || resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
				t.Error(resp, err)
			}
			nc.Close()
		}
		end := make([]byte, 4)
		if _, err := io.ReadFull(br, end); err != nil || string(end) != "\x88\x02\x03\xe9" {
			t.Errorf("% x, %v", end, err)
		}
		done.Close()
		if err := <-down; err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(map[string]uint64{"closing": 2}, s.Stats().Refused); diff != "" {
			t.Error(diff)
		}
		again := pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
		if err := s.Serve(again); err != http.ErrServerClosed {
			t.Error(err)
		}
		<-again.closed
	})
}

// TestServeTLS: a listener of TLS is served too, its origins are those of https, and who
// mixes up TLS and plain HTTP is told so.
func TestServeTLS(t *testing.T) {
	t.Parallel()
	own := make(chan bool, 1)
	s := &server.Server{Handler: echo, Logger: slog.New(slog.DiscardHandler), Check: func(r *http.Request) error {
		own <- r.TLS != nil && r.TLS.HandshakeComplete
		return nil
	}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serveOn(t, s, tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{certificate()}}))
	host := l.Addr().String()
	d := &client.Dialer{TLSConfig: &tls.Config{InsecureSkipVerify: true}, Header: http.Header{"Origin": {"https://" + host}}}
	c, _, err := d.Dial(ctx, "wss://"+host)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	roundTrip(t, c, strings.Repeat("hello", 10_000))
	if !<-own {
		t.Error("Check doesn't see that there is TLS")
	}
	d.Header = http.Header{"Origin": {"http://" + host}}
	if _, resp, err := d.Dial(ctx, "wss://"+host); resp == nil || resp.StatusCode != 403 {
		t.Error(resp, err)
	}
	_, br := rawDial(t, "ws://"+host, good, "")
	resp, err := http.ReadResponse(br, nil)
	if err != nil || resp.StatusCode != 400 {
		t.Fatal(resp, err)
	}
	if body, _ := io.ReadAll(resp.Body); !strings.Contains(string(body), "TLS") {
		t.Errorf("%q", body)
	}

	plain := serve(t, &server.Server{Handler: echo})
	nc, err := net.Dial("tcp", strings.TrimPrefix(plain, "ws://"))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(30 * time.Second))
	err = tls.Client(nc, &tls.Config{InsecureSkipVerify: true}).Handshake()
	var rhe tls.RecordHeaderError
	if !errors.As(err, &rhe) || string(rhe.RecordHeader[:4]) != "HTTP" {
		t.Errorf("%v", err)
	}
}

// TestServePanics: a panic of Check, Refuse or the Handler ends one connection and is
// logged.
func TestServePanics(t *testing.T) {
	t.Parallel()
	var logged strings.Builder
	var mu sync.Mutex
	s := &server.Server{
		Handler: func(ctx context.Context, c *websocket.Conn) {
			if _, p, _ := c.Read(ctx); string(p) == "panic" {
				panic("of Handler")
			}
		},
		Check: func(r *http.Request) error {
			if r.URL.Path == "/check" {
				panic("of Check")
			}
			if r.URL.Path == "/abort" {
				panic(http.ErrAbortHandler)
			}
			if r.URL.Path == "/refuse" {
				return errors.New("no")
			}
			return nil
		},
		Refuse: func(http.ResponseWriter, *http.Request, *handshake.Refusal) { panic("of Refuse") },
		Logger: slog.New(slog.NewTextHandler(writerFunc(func(p []byte) (int, error) {
			mu.Lock()
			defer mu.Unlock()
			return logged.Write(p)
		}), nil)),
	}
	url := serve(t, s)
	for _, path := range []string{"/check", "/refuse", "/abort"} {
		nc, _ := rawDial(t, url, strings.Replace(good, "/ ", path+" ", 1), "")
		if p, _ := io.ReadAll(nc); len(p) > 0 {
			t.Errorf("%s: %q", path, p)
		}
	}
	c := dial(t, url)
	if err := c.Write(ctx, websocket.Text, []byte("panic")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Read(ctx); websocket.CloseCode(err) != frame.CodeInternalError {
		t.Error(err)
	}
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	mu.Lock()
	defer mu.Unlock()
	for _, who := range []string{"Check", "Refuse", "Handler"} {
		if n := strings.Count(logged.String(), "panic=\"of "+who); n != 1 {
			t.Errorf("%s: logged %d times", who, n)
		}
	}
	if strings.Contains(logged.String(), "abort") || s.Stats().Handshakes != 0 {
		t.Error(logged.String(), s.Stats())
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// TestServeCheck: what Check puts into the context of its request gets to the Handler, and
// a request that it keeps stays as it is.
func TestServeCheck(t *testing.T) {
	t.Parallel()
	type key struct{}
	var kept []*http.Request
	s := &server.Server{
		Check: func(r *http.Request) error {
			kept = append(kept, r)
			*r = *r.WithContext(context.WithValue(r.Context(), key{}, r.URL.Path))
			return nil
		},
		Handler: func(ctx context.Context, c *websocket.Conn) {
			c.Write(ctx, websocket.Text, []byte(ctx.Value(key{}).(string)+" "+c.Subprotocol()))
		},
		Subprotocols: []string{"b"},
	}
	for _, url := range []string{serve(t, s), start(t, s)} {
		kept = nil
		for i := range 3 {
			d := &client.Dialer{Subprotocols: []string{"a", "b"}, Header: http.Header{"X-N": {fmt.Sprint(i)}}}
			c, _, err := d.Dial(ctx, fmt.Sprint(url, "/rooms/", i))
			if err != nil {
				t.Fatal(err)
			}
			if _, p, err := c.Read(ctx); string(p) != fmt.Sprintf("/rooms/%d b", i) || err != nil {
				t.Errorf("%q, %v", p, err)
			}
			c.Close(1000, "")
		}
		for i, r := range kept {
			if r.Header.Get("X-N") != fmt.Sprint(i) || r.URL.Path != fmt.Sprint("/rooms/", i) || r.RemoteAddr == "" || r.Host == "" {
				t.Errorf("%d: %+v", i, r)
			}
		}
	}
}

// TestServeManyAtOnce: handshakes of all kinds at the same time don't get into each
// other's way, nor do the buffers that they take turns with.
func TestServeManyAtOnce(t *testing.T) {
	t.Parallel()
	s := &server.Server{Handler: echo, Subprotocols: []string{"*"}, Logger: slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serveOn(t, s, l)
	url := "ws://" + l.Addr().String()
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			for j := range 20 {
				protocol := fmt.Sprintf("p-%d-%d", i, j)
				d := &client.Dialer{Subprotocols: []string{protocol}}
				c, _, err := d.Dial(ctx, url)
				if err != nil {
					t.Error(err)
					return
				}
				if c.Subprotocol() != protocol {
					t.Errorf("%q instead of %q", c.Subprotocol(), protocol)
				}
				c.Write(ctx, websocket.Text, []byte(protocol))
				if _, p, err := c.Read(ctx); string(p) != protocol || err != nil {
					t.Errorf("%q, %v", p, err)
				}
				c.CloseNow()
				resp, err := http.Get("http://" + l.Addr().String() + "/" + protocol)
				if err != nil || resp.StatusCode != 426 {
					t.Errorf("%v, %v", resp, err)
					return
				}
				resp.Body.Close()
			}
		})
	}
	wg.Wait()
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if got := s.Stats(); got.Opened != 400 || got.Refused["request"] != 400 || got.Handshakes != 0 || got.Open != 0 {
		t.Errorf("%+v", got)
	}
}
