package server_test

import (
	"bytes"
	"context"
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
	"time"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/frame"
	"hawser/websocket/handshake"
	"hawser/websocket/server"
)

const good = "GET / HTTP/1.1\r\nHost: HOST\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"

// TestRefusals: the refusals of package handshake arrive, the server reads no
// second request behind them, and lives on.
func TestRefusals(t *testing.T) {
	t.Parallel()
	s := &server.Server{Handler: echo, Check: func(r *http.Request) error {
		switch r.Header.Get("X-User") {
		case "nobody":
			return &handshake.Refusal{Status: http.StatusUnauthorized, Reason: "who are you?"}
		case "enemy":
			return errors.New("not you")
		}
		return nil
	}}
	url := start(t, s)
	tests := []struct {
		name, head string
		status     int
	}{
		{"good", good, 101},
		{"H1_POST", strings.Replace(good, "GET", "POST", 1), 405},
		{"H2_HTTP/1.0", strings.Replace(good, "1.1", "1.0", 1), 505},
		{"H3_plain_GET", "GET / HTTP/1.1\r\nHost: HOST\r\n", 426},
		{"H4_notupgrade", strings.Replace(good, "Connection: Upgrade", "Connection: notupgrade", 1), 426},
		{"H5_two_keys", good + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", 400},
		{"H6_version", strings.Replace(good, "13", "12", 1), 426},
		{"H7_foreign_origin", good + "Origin: http://evil.example\r\n", 403},
		{"H7_own_origin", good + "Origin: http://HOST\r\n", 101},
		{"H7_two_origins", good + "Origin: http://HOST\r\nOrigin: http://HOST\r\n", 400},
		{"H8_subprotocols", good + "Sec-WebSocket-Protocol: a b\r\n", 400},
		{"empty_lists", good + "Sec-WebSocket-Protocol: chat,,\r\nSec-WebSocket-Extensions:\r\n", 101},
		{"H9_extensions", good + "Sec-WebSocket-Extensions: ,;x\r\n", 400},
		{"H10_body", good + "Content-Length: 4\r\n", 400},
		{"H10_obs-fold", good + "X: a\r\n b\r\n", 0}, // net/http joins or refuses
		{"H10_NUL", good + "X: a\x00b\r\n", 400},
		{"H10_space_before_colon", good + "X : a\r\n", 400},
		{"H10_long_line", good + "X: " + strings.Repeat("a", 2<<20) + "\r\n", 431},
		{"10.5_not_authenticated", good + "X-User: nobody\r\n", 401},
		{"10.5_forbidden", good + "X-User: enemy\r\n", 403},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			more := ""
			if tt.status != 101 {
				more = "GET /second HTTP/1.1\r\nHost: x\r\n\r\n"
			}
			_, br := rawDial(t, url, tt.head, more)
			resp, err := http.ReadResponse(br, nil)
			if err != nil {
				t.Fatal(err)
			}
			if tt.status != 0 && resp.StatusCode != tt.status {
				t.Fatalf("status %s", resp.Status)
			}
			if resp.StatusCode == 101 {
				if c := resp.Header["Connection"]; len(c) != 1 || c[0] != "Upgrade" {
					t.Errorf("Connection: %q", c)
				}
				return
			}
			body, _ := io.ReadAll(resp.Body)
			if len(body) == 0 || !resp.Close && tt.status < 500 {
				t.Errorf("H12: close %v, body %q", resp.Close, body)
			}
			if rest, _ := io.ReadAll(br); len(rest) > 0 {
				t.Errorf("H12: a second answer: %q", rest)
			}
		})
	}
}

// TestPipelined is line H11: frames right behind the request.
func TestPipelined(t *testing.T) {
	t.Parallel()
	url := start(t, &server.Server{Handler: echo})
	var frames []byte
	for _, s := range []string{"early", strings.Repeat("x", 9000)} {
		frames = frame.Append(frames, frame.Header{Fin: true, Opcode: frame.Text, Masked: true, Key: [4]byte{1, 2, 3, 4}}, []byte(s))
	}
	_, br := rawDial(t, url, good, string(frames))
	if resp, err := http.ReadResponse(br, nil); err != nil || resp.StatusCode != 101 {
		t.Fatal(resp, err)
	}
	r := frame.NewReader(br, frame.Rules{Role: frame.Client}, 0)
	for _, want := range []int{5, 9000} {
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		if p, err := r.Payload(); len(p) != want || err != nil {
			t.Errorf("%d bytes, %v; want %d", len(p), err, want)
		}
	}
}

// TestTimeouts is line H15: neither the server's timeouts nor the end of the
// request end the connection, but its context's values are there.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	type keyType struct{}
	ended := make(chan struct{})
	s := &server.Server{Handler: func(ctx context.Context, c *websocket.Conn) {
		<-ended // the request's own context is done by now
		if ctx.Value(keyType{}) != "user" || ctx.Err() != nil {
			t.Error(ctx.Value(keyType{}), ctx.Err())
		}
		echo(ctx, c)
	}}
	hs := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rctx, cancel := context.WithCancel(context.WithValue(r.Context(), keyType{}, "user"))
		s.ServeHTTP(w, r.WithContext(rctx))
		cancel()
		close(ended)
	}))
	hs.Config.ReadTimeout = 50 * time.Millisecond
	hs.Config.WriteTimeout = 50 * time.Millisecond
	hs.Start()
	defer hs.Close()
	c := dial(t, "ws"+strings.TrimPrefix(hs.URL, "http"))
	for begin := time.Now(); time.Since(begin) < 150*time.Millisecond; {
		roundTrip(t, c, "still here")
	}
}

// TestSlowHead is line H16: the time for the head is one for all of it, however
// steadily its bytes drip.
func TestSlowHead(t *testing.T) {
	t.Parallel()
	hs := httptest.NewUnstartedServer(&server.Server{Handler: echo})
	hs.Config.ReadHeaderTimeout = 100 * time.Millisecond
	hs.Start()
	defer hs.Close()
	nc, err := net.Dial("tcp", hs.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	io.WriteString(nc, good+"X: ")
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		if _, err := io.WriteString(nc, "x"); err != nil {
			return
		}
	}
}

// TestBadPeers: whatever peers do, the next one is served.
func TestBadPeers(t *testing.T) {
	t.Parallel()
	s := &server.Server{Handler: echo, Config: websocket.Config{CloseTimeout: time.Second}}
	url := start(t, s)
	for i, bad := range []string{"", "\x81\x00", "\x83\x80abcd", "\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff", "\x01\x82abcd\xff\xff", "\x88\x81abcdx", "\x81\xfe"} {
		nc, br := rawDial(t, url, good, bad)
		if resp, err := http.ReadResponse(br, nil); err != nil || resp.StatusCode != 101 {
			t.Fatal(resp, err)
		}
		if i%2 == 0 {
			nc.(*net.TCPConn).SetLinger(0)
		}
		nc.Close()
		c := dial(t, url)
		roundTrip(t, c, "still here")
		c.Close(1000, "")
	}
	if err := s.Shutdown(ctx); err != nil { // so all handlers have ended
		t.Error(err)
	}
}

func TestUpgrade(t *testing.T) {
	t.Parallel()
	var s server.Server
	url := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := s.Upgrade(w, r)
		if err != nil {
			return
		}
		defer c.CloseNow()
		for range s.Conns() {
			c.Write(r.Context(), websocket.Text, []byte(r.URL.Path))
		}
		c.Close(4000, "done")
	}))
	c := dial(t, url+"/path")
	for m, err := range c.Messages(ctx) {
		if err == nil && string(m.Data) != "/path" {
			t.Errorf("%q", m.Data)
		}
	}
	if websocket.CloseCode(c.Err()) != 4000 {
		t.Error(c.Err())
	}
	if _, _, err := new(client.Dialer).Dial(ctx, url); err != nil {
		t.Error(err)
	}
}

func TestHandlerEnds(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := &server.Server{Logger: slog.New(slog.NewTextHandler(&log, nil))}
	mux := http.NewServeMux()
	mux.Handle("/returns", s.With(func(context.Context, *websocket.Conn) {}))
	mux.Handle("/panics", s.With(func(context.Context, *websocket.Conn) { panic("oh no") }))
	mux.Handle("/closes", s.With(func(_ context.Context, c *websocket.Conn) { c.Close(4001, "") }))
	url := start(t, mux)
	for path, want := range map[string]frame.Code{"/returns": 1000, "/panics": 1011, "/closes": 4001} {
		c := dial(t, url+path)
		_, _, err := c.Read(ctx)
		var e *websocket.CloseError
		if !errors.As(err, &e) || e.Code != want || e.Reason != "" {
			t.Errorf("%s: %v", path, err)
		}
	}
	if err := s.Shutdown(ctx); err != nil { // waits for the log
		t.Error(err)
	}
	if !strings.Contains(log.String(), "oh no") {
		t.Errorf("R9: log: %s", &log)
	}
}

func TestBroadcast(t *testing.T) {
	t.Parallel()
	s := &server.Server{Config: websocket.Config{MaxQueue: 1 << 20, CloseTimeout: 100 * time.Millisecond}}
	s.Handler = func(ctx context.Context, c *websocket.Conn) {
		for m, err := range c.Messages(ctx) {
			if err != nil {
				return
			}
			s.Broadcast(websocket.NewPrepared(m.Type, m.Data))
		}
	}
	url := start(t, s)
	const n, messages, size = 10, 400, 100_000 // more than the network holds for the slow one
	slow := dial(t, url)
	var conns []*websocket.Conn
	for range n {
		conns = append(conns, dial(t, url))
	}
	for i := range messages {
		go conns[i%n].Write(ctx, websocket.Binary, make([]byte, size))
		for _, c := range conns {
			if _, p, err := c.Read(ctx); len(p) != size || err != nil {
				t.Fatalf("message %d: %d bytes, %v", i, len(p), err)
			}
		}
	}
	for {
		if _, _, err := slow.Read(ctx); err != nil {
			if code := websocket.CloseCode(err); code != frame.CodePolicyViolation && code != frame.CodeAbnormal {
				t.Error(err)
			}
			break
		}
	}
}

// A hookListener calls a function before each write to its connections.
type hookListener struct {
	net.Listener
	beforeWrite func()
}

func (l hookListener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	return &hookConn{nc, l.beforeWrite}, err
}

type hookConn struct {
	net.Conn
	beforeWrite func()
}

func (c *hookConn) Write(p []byte) (int, error) {
	c.beforeWrite()
	return c.Conn.Write(p)
}

// TestOpenBeforeAnswer: a client who has the answer to its handshake gets all that is
// broadcast from there on.
func TestOpenBeforeAnswer(t *testing.T) {
	t.Parallel()
	s := &server.Server{Handler: echo}
	hs := httptest.NewUnstartedServer(s)
	hs.Listener = hookListener{hs.Listener, sync.OnceFunc(func() { s.Broadcast(websocket.NewPrepared(websocket.Text, []byte("to all"))) })}
	hs.Start()
	t.Cleanup(hs.Close)
	c := dial(t, "ws"+strings.TrimPrefix(hs.URL, "http"))
	own, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if _, p, err := c.Read(own); string(p) != "to all" || err != nil {
		t.Errorf("%q, %v", p, err)
	}
}

func ExampleServer() {
	s := &server.Server{Handler: func(ctx context.Context, c *websocket.Conn) {
		for m, err := range c.Messages(ctx) {
			if err != nil || c.Write(ctx, m.Type, m.Data) != nil {
				return
			}
		}
	}}
	hs := httptest.NewServer(s) // or http.Handle("/echo", s)
	defer hs.Close()

	ctx := context.Background()
	c, err := client.Dial(ctx, "ws"+strings.TrimPrefix(hs.URL, "http"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.CloseNow()
	c.Write(ctx, websocket.Text, []byte("hello"))
	t, p, err := c.Read(ctx)
	fmt.Printf("%v %q %v\n", t, p, err)
	fmt.Println(c.Close(frame.CodeNormal, ""), s.Shutdown(ctx))
	// Output:
	// text "hello" <nil>
	// <nil> <nil>
}
