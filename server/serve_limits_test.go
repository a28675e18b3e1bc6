package server_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket/server"
)

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

// TestServeOneAtATime: a place among the handshakes is free when the client can tell that
// its own is through or that there was none.
func TestServeOneAtATime(t *testing.T) {
	t.Parallel()
	s := &server.Server{Handler: echo, MaxHandshakes: 1, MaxConnsPerAddr: 1000}
	url := serve(t, s)
	for range 50 {
		c := dial(t, url)
		c.CloseNow()
		nc, err := net.Dial("tcp", strings.TrimPrefix(url, "ws://"))
		if err != nil {
			t.Fatal(err)
		}
		nc.(*net.TCPConn).CloseWrite()
		if p, err := io.ReadAll(nc); len(p) > 0 || err != nil {
			t.Fatalf("%q, %v", p, err)
		}
		nc.Close()
	}
	if got := s.Stats().Refused; got["handshakes"] != 0 {
		t.Error(got)
	}
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
