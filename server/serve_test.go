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
	"os"
	"strings"
	"sync"
	"syscall"
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

// TestServeHeads: Serve and net/http come to the same verdict on a head, but where
// net/http has more to offer. Behind a refusal the connection is closed.
func TestServeHeads(t *testing.T) {
	t.Parallel()
	lines := func(n int) string { return strings.Repeat("X: y\r\n", n) }
	tests := []struct {
		name, head string // without the empty line
		status     int
		http       int // that of net/http, 0 for the same
	}{
		{"good", good, 101, 0},
		{"lines end in LF alone", strings.ReplaceAll(good, "\r\n", "\n"), 101, 0},
		{"names in lower case", strings.ToLower(strings.ReplaceAll(good, "HOST", "host")), 0, 0},
		{"a browser's header", good + "Origin: http://HOST\r\nCookie: a=b; c=d\r\nSec-GPC: 1\r\nsec-fetch-mode: websocket\r\n", 101, 0},
		{"query and escapes", strings.Replace(good, "/ ", "/a%20b?c=%zz ", 1), 101, 0},
		{"absolute target", strings.Replace(good, "/ ", "http://HOST/ ", 1), 101, 0},
		{"value is empty", good + "X:\r\n", 101, 0},
		{"value has bytes of Latin-1", good + "X: caf\xe9\r\n", 101, 0},
		{"white space around a value", strings.Replace(good, ": 13", ": \t 13 \t", 1), 101, 0},
		{"content of length 0", good + "Content-Length: 0\r\n", 101, 0},
		{"the same length twice", good + "Content-Length: 0\r\nContent-Length: 0\r\n", 101, 0},
		{"lists over two lines", strings.Replace(good, "Connection: Upgrade", "Connection: keep-alive\r\nConnection: x, upgrade", 1), 101, 0},
		{"foreign origin", good + "Origin: http://evil.example\r\n", 403, 0},
		{"two origins", good + "Origin: http://HOST\r\nOrigin: http://HOST\r\n", 400, 0},

		{"a page", "GET / HTTP/1.1\r\nHost: HOST\r\n", 426, 0},
		{"POST with a body", "POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 3\r\n", 405, 0},
		{"HEAD", "HEAD / HTTP/1.1\r\nHost: HOST\r\n", 405, 0},
		{"CONNECT", "CONNECT HOST HTTP/1.1\r\nHost: HOST\r\n", 405, 0},
		{"OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: HOST\r\n", 405, 200},
		{"body", good + "Content-Length: 4\r\n", 400, 0},
		{"chunked body", good + "Transfer-Encoding: chunked\r\n", 400, 0},
		{"transfer coding that nobody knows", good + "Transfer-Encoding: x\r\n", 501, 0},
		{"two lengths", good + "Content-Length: 4\r\nContent-Length: 5\r\n", 400, 0},
		{"length with a sign", good + "Content-Length: +4\r\n", 400, 0},
		{"length without digits", good + "Content-Length:\r\n", 400, 0},
		{"length of 20 digits", good + "Content-Length: 99999999999999999999\r\n", 400, 0},
		{"version 12", strings.Replace(good, "13", "12", 1), 426, 0},
		{"two keys", good + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", 400, 0},

		{"HTTP/1.0", strings.Replace(good, "1.1", "1.0", 1), 505, 0},
		{"HTTP/1.9", strings.Replace(good, "1.1", "1.9", 1), 101, 0},
		{"HTTP/2.0", strings.Replace(good, "1.1", "2.0", 1), 505, 0},
		{"preface of HTTP/2", "PRI * HTTP/2.0\r\n", 505, 400},
		{"HTTP/0.9", "GET /\r\n", 400, 0},
		{"version of three parts", strings.Replace(good, "1.1", "1.1.1", 1), 400, 0},
		{"version in lower case", strings.Replace(good, "HTTP", "http", 1), 400, 0},
		{"no version", strings.Replace(good, " HTTP/1.1", "", 1), 400, 0},
		{"two spaces", strings.Replace(good, " ", "  ", 1), 400, 0},
		{"space before the method", " " + good, 400, 0},
		{"empty line first", "\r\n" + good, 400, 0},
		{"method is no token", strings.Replace(good, "GET", "G@T", 1), 400, 0},
		{"target is no path", strings.Replace(good, "/ ", "path ", 1), 400, 0},
		{"target with a bad escape", strings.Replace(good, "/ ", "/%zz ", 1), 400, 0},
		{"target with a control character", strings.Replace(good, "/ ", "/\x01 ", 1), 400, 0},

		{"no host", strings.Replace(good, "Host: HOST\r\n", "", 1), 400, 0},
		{"two hosts", good + "Host: HOST\r\n", 400, 0},
		{"host with a slash", strings.Replace(good, "HOST", "a/b", 1), 400, 0},
		{"host with a space", strings.Replace(good, "HOST", "a b", 1), 400, 0},

		{"no colon", good + "X\r\n", 400, 0},
		{"no name", good + ": x\r\n", 400, 0},
		{"space before the colon", good + "X : a\r\n", 400, 0},
		{"space before the first name", strings.Replace(good, "Host", " Host", 1), 400, 0},
		{"name is no token", good + "X@: a\r\n", 400, 0},
		{"NUL in a value", good + "X: a\x00b\r\n", 400, 0},
		{"CR in a value", good + "X: a\rb\r\n", 400, 0},
		{"folded line", good + "X: a\r\n b\r\n", 400, 101},
		{"256 lines", good + lines(251), 101, 0},
		{"257 lines", good + lines(252), 431, 101},
		{"60 KiB", good + "X: " + strings.Repeat("a", 60<<10) + "\r\n", 101, 0},
		{"64 KiB", good + "X: " + strings.Repeat("a", 64<<10) + "\r\n", 431, 101},
		{"2 MiB", good + "X: " + strings.Repeat("a", 2<<20) + "\r\n", 431, 0},
	}
	own := &server.Server{Handler: echo, Logger: slog.New(slog.DiscardHandler)}
	ours, theirs := serve(t, own), quiet(t, own)
	ask := func(t *testing.T, url, head string) int {
		more := ""
		if !strings.HasSuffix(url, theirs) {
			more = "GET /second HTTP/1.1\r\nHost: x\r\n\r\n"
		}
		host := strings.TrimPrefix(url, "ws://")
		nc, err := net.Dial("tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		nc.SetDeadline(time.Now().Add(30 * time.Second))
		go io.WriteString(nc, strings.ReplaceAll(head, "HOST", host)+"\r\n"+more)
		br := bufio.NewReader(nc)
		method, _, _ := strings.Cut(head, " ")
		resp, err := http.ReadResponse(br, &http.Request{Method: method})
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode == 101 || url != ours {
			return resp.StatusCode
		}
		body, err := io.ReadAll(resp.Body)
		if !resp.Close || err != nil || (len(body) == 0) != (method == "HEAD") || resp.ContentLength <= 0 || resp.Header.Get("Date") == "" {
			t.Errorf("%v, %q, %v", resp.Header, body, err)
		}
		if rest, _ := io.ReadAll(br); len(rest) > 0 {
			t.Errorf("a second answer: %q", rest)
		}
		return resp.StatusCode
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.http == 0 {
				tt.http = tt.status
			}
			mine, other := ask(t, ours, tt.head), ask(t, theirs, tt.head)
			if tt.status == 0 {
				tt.status, tt.http = mine, mine // the same, whatever it is
			}
			if mine != tt.status || other != tt.http {
				t.Errorf("Serve %d, net/http %d; want %d, %d", mine, other, tt.status, tt.http)
			}
		})
	}
}

// TestServeInPieces: it doesn't matter how a head is cut, nor what comes right behind it.
func TestServeInPieces(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &server.Server{Handler: echo}
		d := servePipe(t, s)
		hello := frame.Append(nil, frame.Header{Fin: true, Opcode: frame.Text, Masked: true}, []byte("hello"))
		all := append([]byte(strings.Replace(good, "HOST", "example.test", 1)+"\r\n"), hello...)
		for _, size := range []int{1, 2, 7, len(all) - len(hello), len(all) - 1, len(all)} {
			nc := d()
			go func() {
				for p := all; len(p) > 0; p = p[min(size, len(p)):] {
					nc.Write(p[:min(size, len(p))])
				}
			}()
			br := bufio.NewReader(nc)
			if resp, err := http.ReadResponse(br, nil); err != nil || resp.StatusCode != 101 {
				t.Fatal(size, resp, err)
			}
			got := make([]byte, len("..hello"))
			if _, err := io.ReadFull(br, got); err != nil || string(got[2:]) != "hello" {
				t.Errorf("%d: %q, %v", size, got, err)
			}
			nc.Close()
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

// TestServeTimeout: a connection has its time for the whole head, however it spends it,
// and is told if it has asked for something. Meanwhile it has a place among the
// handshakes, and none after.
func TestServeTimeout(t *testing.T) {
	t.Parallel()
	serverTLS := func(nc net.Conn) net.Conn {
		return tls.Server(nc, &tls.Config{Certificates: []tls.Certificate{certificate()}})
	}
	plain := func(nc net.Conn) net.Conn { return nc }
	for _, tt := range []struct {
		name    string
		timeout time.Duration
		wrap    func(net.Conn) net.Conn
		send    string // a byte each second, over and over
		want    string // the beginning of the answer
		lasts   time.Duration
		refused map[string]uint64
	}{
		{"silence", 0, plain, "", "", 10 * time.Second, nil},
		{"a byte each second", 0, plain, "GET / HTTP/1.1\r\nX: ", "HTTP/1.1 408 ", 10 * time.Second, map[string]uint64{"request": 1}},
		{"a letter each second, for a shorter time", 3 * time.Second, plain, "X", "HTTP/1.1 408 ", 3 * time.Second, map[string]uint64{"request": 1}},
		{"TLS that doesn't begin", 0, serverTLS, "", "", 10 * time.Second, map[string]uint64{"tls": 1}},
		{"TLS a byte each second", 5 * time.Second, serverTLS, "\x16\x03\x01\x02\x00\x01", "", 5 * time.Second, map[string]uint64{"tls": 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			certificate()
			synctest.Test(t, func(t *testing.T) {
				s := &server.Server{Handler: echo, MaxHandshakes: 1, HandshakeTimeout: tt.timeout}
				dial := servePipe(t, s, tt.wrap)
				nc := dial()
				defer nc.Close()
				sent := make(chan bool)
				go func() {
					defer close(sent)
					for i := 0; tt.send != ""; i++ {
						if _, err := nc.Write([]byte{tt.send[i%len(tt.send)]}); err != nil {
							return
						}
						time.Sleep(time.Second)
					}
				}()
				synctest.Wait()
				late := dial()
				if _, err := late.Read(make([]byte, 1)); err == nil || isTimeout(err) {
					t.Error("there were two places")
				}
				if got := s.Stats().Handshakes; got != 1 {
					t.Errorf("%d handshakes are under way", got)
				}
				begun := time.Now()
				answer, _ := io.ReadAll(nc)
				if !strings.HasPrefix(string(answer), tt.want) || tt.want == "" && len(answer) > 0 || time.Since(begun) != tt.lasts {
					t.Errorf("%q after %v, want %q after %v", answer, time.Since(begun), tt.want, tt.lasts)
				}
				nc.Close()
				<-sent
				got := s.Stats()
				want := map[string]uint64{"handshakes": 1}
				for k, v := range tt.refused {
					want[k] = v
				}
				if diff := cmp.Diff(want, got.Refused); diff != "" || got.Handshakes != 0 {
					t.Error(diff, got.Handshakes)
				}
			})
		})
	}
}

// certificate is that of net/http/httptest.
var certificate = sync.OnceValue(func() tls.Certificate {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	return s.TLS.Certificates[0]
})

// halfConn is a net.Conn whose sending direction can be closed, as far as its owner can
// tell.
type halfConn struct{ net.Conn }

func (halfConn) CloseWrite() error { return nil }

// TestServeLingers: a refused client that goes on sending is listened to for a second,
// and not for more than 256 KiB.
func TestServeLingers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &server.Server{Handler: echo}
		dial := servePipe(t, s, func(nc net.Conn) net.Conn { return halfConn{nc} })
		for _, size := range []int{0, 1, 64 << 10} {
			nc := dial()
			go io.WriteString(nc, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			if resp, err := http.ReadResponse(bufio.NewReader(nc), nil); err != nil || resp.StatusCode != 426 {
				t.Fatal(resp, err)
			}
			begun, n := time.Now(), 0
			for err := error(nil); err == nil; time.Sleep(10 * time.Millisecond) {
				if size == 0 {
					_, err = nc.Read(make([]byte, 1))
					continue
				}
				_, err = nc.Write(make([]byte, size))
				n += size
			}
			lasted := time.Since(begun)
			if size < 1000 && (lasted < time.Second || lasted > time.Second+20*time.Millisecond) || n > 512<<10 {
				t.Errorf("%d bytes at a time: %d in %v", size, n, lasted)
			}
			nc.Close()
		}
	})
}

// TestServeLimits: who comes too early or too often is told so, and the places are free
// again.
func TestServeLimits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		s      *server.Server
		status int
		reason string
	}{
		{"handshakes", &server.Server{MaxHandshakes: 2}, 503, "handshakes"},
		{"heads of an address", &server.Server{MaxConnsPerAddr: 2}, 429, "address"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.s.Handler = echo
			url := serve(t, tt.s)
			connect := func() net.Conn {
				nc, err := net.Dial("tcp", strings.TrimPrefix(url, "ws://"))
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { nc.Close() })
				nc.SetDeadline(time.Now().Add(30 * time.Second))
				return nc
			}
			silent := []net.Conn{connect(), connect()}
			resp, err := http.ReadResponse(bufio.NewReader(connect()), nil) // accepted in order
			if err != nil || resp.StatusCode != tt.status || resp.Header.Get("Retry-After") == "" {
				t.Fatal(resp, err)
			}
			if got := tt.s.Stats().Refused; got[tt.reason] != 1 {
				t.Error(got)
			}
			for _, nc := range silent {
				nc.(*net.TCPConn).CloseWrite()
				if p, err := io.ReadAll(nc); len(p) > 0 || err != nil { // it's over
					t.Errorf("%q, %v", p, err)
				}
			}
			c := dial(t, url)
			roundTrip(t, c, "hello")
			dial(t, url)
			if _, got, _ := status(t, url, nil); tt.reason == "address" && got != 429 || tt.reason != "address" && got != 101 {
				t.Error(got)
			}
		})
	}
}

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

// failingListener fails as often as there are errors, and then accepts.
type failingListener struct {
	pipeListener
	errs chan error
}

func (l failingListener) Accept() (net.Conn, error) {
	select {
	case err := <-l.errs:
		return nil, err
	default:
		return l.pipeListener.Accept()
	}
}

// TestServeAcceptErrors: what may pass is tried again, at longer and longer intervals,
// which a Shutdown doesn't wait for. What doesn't pass is returned.
func TestServeAcceptErrors(t *testing.T) {
	t.Parallel()
	busy := &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	synctest.Test(t, func(t *testing.T) {
		s := &server.Server{Handler: echo, Logger: slog.New(slog.DiscardHandler)}
		newListener := func(errs ...error) failingListener {
			l := failingListener{pipeListener{make(chan net.Conn), make(chan struct{})}, make(chan error, 100)}
			for _, err := range errs {
				l.errs <- err
			}
			return l
		}
		begun := time.Now()
		broken := errors.New("broken")
		l := newListener(busy, busy, busy, broken)
		if err := s.Serve(l); err != broken || time.Since(begun) != 35*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
		<-l.closed
		l = newListener()
		for range 100 {
			l.errs <- busy
		}
		ended := make(chan error, 1)
		go func() { ended <- s.Serve(l) }()
		time.Sleep(20*time.Second + time.Millisecond)
		if n := 100 - len(l.errs); n < 20 || n > 30 {
			t.Errorf("%d tries in 20 seconds", n)
		}
		begun = time.Now()
		s.Close()
		if err := <-ended; err != http.ErrServerClosed || time.Since(begun) != 0 {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
		l = newListener()
		if err := new(server.Server).Serve(l); err == nil || !strings.Contains(err.Error(), "Handler") {
			t.Error(err)
		}
		<-l.closed
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

// TestServeRefuse: the bodies of one's own, short, long and flushed, end where they
// should, and the connection with them.
func TestServeRefuse(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 100_000)
	s := &server.Server{Handler: echo, Refuse: func(w http.ResponseWriter, r *http.Request, refusal *handshake.Refusal) {
		w.Header().Set("Content-Length", "3")
		w.Header().Set("X-Reason", "a\r\nb: c")
		switch r.URL.Path {
		case "/long":
			w.WriteHeader(http.StatusTeapot)
			io.WriteString(w, long)
		case "/flushed":
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusTeapot)
			w.WriteHeader(http.StatusOK)
			io.WriteString(w, "one ")
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
			io.WriteString(w, "two")
		case "/none":
			w.WriteHeader(http.StatusNoContent)
		case "/default":
			return
		default:
			io.WriteString(w, "short")
		}
	}}
	url := serve(t, s)
	for _, tt := range []struct {
		path   string
		status int
		length int64
		body   string
	}{
		{"/short", 200, 5, "short"}, {"/long", 418, -1, long}, {"/flushed", 418, -1, "one two"}, {"/none", 204, 0, ""},
		{"/default", 426, 71, "this is a WebSocket endpoint: header Upgrade does not list websocket\n"},
	} {
		_, br := rawDial(t, url, "GET "+tt.path+" HTTP/1.1\r\nHost: a\r\n", "")
		resp, err := http.ReadResponse(br, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if tt.path == "/default" {
			tt.length = int64(len(tt.body))
		}
		if resp.StatusCode != tt.status || resp.ContentLength != tt.length || string(body) != tt.body || err != nil || !resp.Close {
			t.Errorf("%s: %s, %d, %.50q, %v, close %v", tt.path, resp.Status, resp.ContentLength, body, err, resp.Close)
		}
		if resp.Header.Get("B") != "" {
			t.Errorf("%v", resp.Header)
		}
		if rest, err := io.ReadAll(br); len(rest) > 0 || err != nil {
			t.Errorf("%s: %q, %v", tt.path, rest, err)
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
