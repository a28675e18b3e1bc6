package server_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/frame"
	"hawser/websocket/server"
)

// TestPanics is line R9: a callback that panics leaves nothing locked and nobody
// counted that isn't there.
func TestPanics(t *testing.T) {
	t.Parallel()
	s := &server.Server{Handler: echo, Check: func(r *http.Request) error {
		if r.URL.Path == "/panic" {
			panic("oh no")
		}
		return nil
	}}
	url := quiet(t, s)
	for range 3 {
		if c, err := client.Dial(ctx, url+"/panic"); err == nil {
			c.CloseNow()
			t.Error("upgraded")
		}
	}
	c := dial(t, url)
	roundTrip(t, c, "still here")
	c.Close(1000, "")
	ended := make(chan error, 1)
	go func() { ended <- s.Shutdown(ctx) }()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Error("Shutdown waits for a handler that there never was")
	}
}

// busyListener has no file descriptors left for a while.
type busyListener struct {
	net.Listener
	mu sync.Mutex
	n  int
}

func (l *busyListener) Accept() (net.Conn, error) {
	l.mu.Lock()
	l.n--
	busy := l.n >= 0
	l.mu.Unlock()
	if busy {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}
	return l.Listener.Accept()
}

// TestNoDescriptors: a listener that has none left for a while doesn't end the
// server, as net/http tries again.
func TestNoDescriptors(t *testing.T) {
	t.Parallel()
	hs := httptest.NewUnstartedServer(&server.Server{Handler: echo})
	hs.Listener = &busyListener{Listener: hs.Listener, n: 3}
	hs.Config.ErrorLog = log.New(io.Discard, "", 0)
	hs.Start()
	defer hs.Close()
	c := dial(t, "ws"+strings.TrimPrefix(hs.URL, "http"))
	roundTrip(t, c, "hello")
}

// TestSlowHeads is line H16: half-done handshakes hold no memory of their own,
// no goroutine of ours, and each has one deadline for all of its head.
func TestSlowHeads(t *testing.T) {
	t.Parallel()
	s := &server.Server{Handler: echo}
	hs := httptest.NewUnstartedServer(s)
	hs.Config.ReadHeaderTimeout = 200 * time.Millisecond
	hs.Start()
	defer hs.Close()
	var wg sync.WaitGroup
	for range 100 {
		nc, err := net.Dial("tcp", hs.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		nc.SetDeadline(time.Now().Add(20 * time.Second))
		io.WriteString(nc, good+"X: ")
		wg.Go(func() {
			if _, err := io.Copy(io.Discard, nc); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("a head that never ends is waited for")
			}
		})
	}
	c := dial(t, "ws"+strings.TrimPrefix(hs.URL, "http"))
	roundTrip(t, c, "hello")
	wg.Wait()
	roundTrip(t, c, "hello")
}

// TestHeads has heads that are strange at best: lines H8, H9 and H10.
func TestHeads(t *testing.T) {
	t.Parallel()
	s := &server.Server{Handler: echo, Subprotocols: []string{"chat"}, Config: websocket.Config{Compression: &websocket.Compression{}}}
	url := quiet(t, s)
	many := func(n int, f func(i int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(f(i))
		}
		return b.String()
	}
	tests := []struct {
		name, head string
		status     []int
	}{
		{"H8_64_KiB_of_spaces", good + "Sec-WebSocket-Protocol: chat" + strings.Repeat(" ", 64<<10) + "\r\n", []int{101}},
		{"H8_64_KiB_of_spaces_inside", good + "Sec-WebSocket-Protocol: a" + strings.Repeat(" ", 64<<10) + "b\r\n", []int{400}},
		{"H8_64_KiB_of_commas", good + "Sec-WebSocket-Protocol: " + strings.Repeat(",", 64<<10) + "\r\n", []int{400}},
		{"H8_10000_subprotocols", good + "Sec-WebSocket-Protocol: " + many(10_000, func(i int) string { return fmt.Sprintf("p%d, ", i) }) + "chat\r\n", []int{101, 400}},
		{"H9_constructor", good + "Sec-WebSocket-Extensions: constructor, __proto__; x=1\r\n", []int{101}},
		{"H9_quote", good + "Sec-WebSocket-Extensions: a; b=\"c\r\n", []int{400}},
		{"H9_semicolon_in_quotes", good + "Sec-WebSocket-Extensions: a;b=\";\"\r\n", []int{101, 400}},
		{"H9_1000_offers", good + "Sec-WebSocket-Extensions: permessage-deflate; x" + strings.Repeat(", permessage-deflate; server_max_window_bits=7", 1000) + "\r\n", []int{101, 400}},
		{"H9_64_KiB_of_quotes", good + "Sec-WebSocket-Extensions: a; b=\"" + strings.Repeat("\\\"", 32<<10) + "\r\n", []int{400}},
		{"H10_64_KiB_line", good + "X: " + strings.Repeat("a", 64<<10) + "\r\n", []int{101}},
		{"H10_10000_headers", good + many(10_000, func(i int) string { return fmt.Sprintf("X-%d: a\r\n", i) }), []int{101, 431}},
		{"H10_bare_LF", strings.ReplaceAll(good, "\r\n", "\n"), []int{101, 400}},
		{"H10_chunked_body", good + "Transfer-Encoding: chunked\r\n", []int{400}},
		{"H10_length_0", good + "Content-Length: 0\r\n", []int{101}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			begin := time.Now()
			_, br := rawDial(t, url, tt.head, "")
			resp, err := http.ReadResponse(br, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range tt.status {
				if resp.StatusCode == want {
					if d := time.Since(begin); d > 5*time.Second {
						t.Errorf("it took %v", d)
					}
					return
				}
			}
			t.Errorf("status %s, want one of %v", resp.Status, tt.status)
		})
	}
}

// TestSlowReader is line R2: a peer that reads nothing costs its own connection,
// and the others don't notice.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	s := &server.Server{Handler: echo, Config: websocket.Config{WriteTimeout: 200 * time.Millisecond}}
	url := start(t, s)
	nc, br := rawDial(t, url, good, "")
	if resp, err := http.ReadResponse(br, nil); err != nil || resp.StatusCode != 101 {
		t.Fatal(resp, err)
	}
	msg := frame.Append(nil, frame.Header{Fin: true, Opcode: frame.Binary, Masked: true}, make([]byte, 100_000))
	ended := make(chan bool)
	go func() {
		defer close(ended)
		for {
			if _, err := nc.Write(msg); err != nil {
				return
			}
		}
	}()
	c := dial(t, url)
	for open := true; open; {
		roundTrip(t, c, "hello")
		select {
		case <-ended:
			open = false
		default:
		}
	}
	roundTrip(t, c, "still here")
}

// TestNoGoroutineLeft is line R3 with all that a server has: when connections are
// over, however they ended, nothing of them is left.
func TestNoGoroutineLeft(t *testing.T) {
	s := &server.Server{Handler: echo}
	hs := httptest.NewServer(s)
	defer hs.Close()
	url := "ws" + strings.TrimPrefix(hs.URL, "http")
	before := runtime.NumGoroutine()
	for i := range 20 {
		c := dial(t, url)
		roundTrip(t, c, "hello")
		switch i % 4 {
		case 0:
			c.CloseNow()
		case 1:
			c.Close(1000, "")
		case 2:
			c.CloseWrite(1000, "")
			c.Read(ctx)
		case 3:
			c.Transport().(*net.TCPConn).SetLinger(0)
			c.CloseNow()
		}
	}
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	deadline := time.Now().Add(20 * time.Second)
	for runtime.NumGoroutine() > before+2 { // of net/http, for a listener
		if time.Now().After(deadline) {
			var b bytes.Buffer
			buf := make([]byte, 1<<20)
			b.Write(buf[:runtime.Stack(buf, true)])
			t.Fatalf("goroutines: %d, were %d\n%s", runtime.NumGoroutine(), before, &b)
		}
		runtime.Gosched()
	}
}
