package server_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/frame"
	"hawser/websocket/server"
)

// status dials and returns the connection, if there is one, and the status.
func status(t *testing.T, url string, header http.Header) (*websocket.Conn, int, http.Header) {
	t.Helper()
	c, resp, err := (&client.Dialer{Header: header}).Dial(ctx, url)
	if resp == nil {
		t.Fatal(err)
	}
	if c != nil {
		t.Cleanup(func() { c.CloseNow() })
	}
	return c, resp.StatusCode, resp.Header
}

// TestMaxConns: connections in all and for each address are bounded, a refusal
// says when to come back, and a place is free again when its connection is over.
func TestMaxConns(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	from := func(addr string) http.Header { return http.Header{"X-Forwarded-For": {addr}} }
	tests := []struct {
		name   string
		s      *server.Server
		dials  []http.Header // nil entries have no header
		status []int
		reason string
	}{
		{"all", &server.Server{MaxConns: 2}, []http.Header{nil, nil, nil}, []int{101, 101, 503}, "connections"},
		{"no_limit", &server.Server{MaxConns: -1}, []http.Header{nil, nil, nil}, []int{101, 101, 101}, ""},
		{"address", &server.Server{MaxConnsPerAddr: 2}, []http.Header{nil, nil, nil}, []int{101, 101, 429}, "address"},
		{"address_that_lies", &server.Server{MaxConnsPerAddr: 1}, []http.Header{from("192.0.2.1"), from("192.0.2.2")}, []int{101, 429}, "address"},
		{"behind_a_proxy", &server.Server{MaxConnsPerAddr: 1, TrustedProxies: proxies},
			[]http.Header{from("192.0.2.1"), from("192.0.2.2"), from("192.0.2.1")}, []int{101, 101, 429}, "address"},
		{"IPv6_network", &server.Server{MaxConnsPerAddr: 1, TrustedProxies: proxies},
			[]http.Header{from("2001:db8:0:1::1"), from("2001:db8:0:2::1"), from("2001:db8:0:1:ffff::")}, []int{101, 101, 429}, "address"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := tt.s
			s.Handler = echo
			url := start(t, s)
			var first *websocket.Conn
			for i, header := range tt.dials {
				c, got, h := status(t, url, header)
				if got != tt.status[i] {
					t.Errorf("dial %d: status %d, want %d", i, got, tt.status[i])
				}
				if after, err := strconv.Atoi(h.Get("Retry-After")); c == nil && (err != nil || after < 1) {
					t.Errorf("dial %d: Retry-After: %q", i, h.Get("Retry-After"))
				}
				if i == 0 {
					first = c
				}
			}
			want := map[string]uint64(nil)
			if tt.reason != "" {
				want = map[string]uint64{tt.reason: 1}
			}
			if d := cmp.Diff(want, s.Stats().Refused); d != "" {
				t.Error(d)
			}
			if err := first.Close(1000, ""); err != nil {
				t.Fatal(err)
			}
			for { // until the server has seen that too
				if _, got, _ := status(t, url, tt.dials[0]); got == 101 {
					break
				}
			}
		})
	}
}

// TestMaxHandshakes is line H16: there's a bound on handshakes that a slow Check
// holds up.
func TestMaxHandshakes(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan bool, 2), make(chan bool)
	s := &server.Server{Handler: echo, MaxHandshakes: 2, Check: func(*http.Request) error {
		entered <- true
		<-leave
		return nil
	}}
	url := start(t, s)
	accepted := make(chan error, 2)
	for range 2 {
		go func() {
			c, err := client.Dial(ctx, url)
			if err == nil {
				c.CloseNow()
			}
			accepted <- err
		}()
	}
	<-entered
	<-entered
	if n := s.Stats().Handshakes; n != 2 {
		t.Errorf("%d handshakes", n)
	}
	if _, got, h := status(t, url, nil); got != 503 || h.Get("Retry-After") == "" {
		t.Error(got, h)
	}
	close(leave)
	for range 2 {
		if err := <-accepted; err != nil {
			t.Error(err)
		}
	}
	if d := cmp.Diff(map[string]uint64{"handshakes": 1}, s.Stats().Refused); d != "" {
		t.Error(d)
	}
}

// TestConnState is line H16: there's a bound on TCP connections whose request is
// incomplete. Those that were upgraded don't count.
func TestConnState(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, reason string
		s            *server.Server
	}{
		{"all", "handshakes", &server.Server{MaxHandshakes: 3}},
		{"address", "address", &server.Server{MaxConnsPerAddr: 3}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := tt.s
			s.Handler = echo
			hs := httptest.NewUnstartedServer(s)
			hs.Config.ConnState = s.ConnState
			hs.Start()
			defer hs.Close()
			addr := hs.Listener.Addr().String()
			for range 2 {
				c := dial(t, "ws://"+addr)
				roundTrip(t, c, "hello")
			}
			var heads []net.Conn
			for range 3 {
				nc, err := net.Dial("tcp", addr)
				if err != nil {
					t.Fatal(err)
				}
				defer nc.Close()
				io.WriteString(nc, strings.ReplaceAll(good, "HOST", addr)) // but for the empty line
				heads = append(heads, nc)
			}
			extra, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer extra.Close()
			extra.SetDeadline(time.Now().Add(20 * time.Second))
			if n, err := extra.Read(make([]byte, 1)); n > 0 || err == nil || isTimeout(err) {
				t.Errorf("one too many is kept: %d, %v", n, err)
			}
			if d := cmp.Diff(map[string]uint64{tt.reason: 1}, s.Stats().Refused); d != "" {
				t.Error(d)
			}
			for _, nc := range heads {
				nc.Close()
			}
			for { // when the server has seen that
				if c, err := client.Dial(ctx, "ws://"+addr); err == nil {
					roundTrip(t, c, "hello")
					c.CloseNow()
					break
				}
			}
		})
	}
}

func isTimeout(err error) bool {
	ne, ok := err.(net.Error)
	return ok && ne.Timeout()
}

// TestMaxLifetime: connections get most of it, but not all the same.
func TestMaxLifetime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &server.Server{Handler: echo, MaxLifetime: 4 * time.Hour}
		url, d := inMemory(t, s)
		const n = 20
		lasted := make(chan time.Duration, n)
		for range n {
			c, _, err := d.Dial(ctx, url)
			if err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			go func() {
				_, _, err := c.Read(ctx)
				lasted <- time.Since(begin)
				if websocket.CloseCode(err) != frame.CodeGoingAway {
					t.Error(err)
				}
			}()
		}
		different := map[time.Duration]bool{}
		for range n {
			life := <-lasted
			different[life.Round(time.Minute)] = true
			if life < 3*time.Hour || life > 4*time.Hour+time.Minute {
				t.Error("a connection lasted", life)
			}
		}
		if len(different) < n/4 {
			t.Error("all end at the same time:", different)
		}
	})
}

// TestAnswerNotTaken: a client that doesn't take the answer is a handshake under way,
// and not for longer than the write timeout.
func TestAnswerNotTaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &server.Server{Handler: echo}
		_, d := inMemory(t, s)
		nc, err := d.DialContext(ctx, "", "")
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		io.WriteString(nc, good+"\r\n")
		synctest.Wait()
		if n := s.Stats(); n.Handshakes != 1 || n.Open != 1 {
			t.Errorf("%+v", n)
		}
		time.Sleep(websocket.DefaultWriteTimeout)
		synctest.Wait()
		want := server.Stats{Opened: 1, Closed: map[frame.Code]uint64{frame.CodeAbnormal: 1}, Failed: map[string]uint64{"write timeout": 1}}
		if diff := cmp.Diff(want, s.Stats()); diff != "" {
			t.Error(diff)
		}
	})
}

// inMemory serves h on connections that are pipes, for the bubbles of synctest.
func inMemory(t *testing.T, h http.Handler, options ...func(*http.Server)) (url string, d *client.Dialer) {
	l := pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	hs := &http.Server{Handler: h}
	for _, option := range options {
		option(hs)
	}
	go hs.Serve(l)
	t.Cleanup(func() { hs.Close() })
	return "ws://example.test", &client.Dialer{DialContext: func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		l.conns <- far
		return near, nil
	}}
}

type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (l pipeListener) Accept() (net.Conn, error) {
	select {
	case nc := <-l.conns:
		return nc, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l pipeListener) Close() error   { close(l.closed); return nil }
func (l pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

// TestClientAddr: only proxies that are trusted are believed.
func TestClientAddr(t *testing.T) {
	t.Parallel()
	s := &server.Server{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}}
	tests := []struct {
		name, remote string
		forwarded    []string
		want         string
	}{
		{"direct", "192.0.2.1:1234", nil, "192.0.2.1"},
		{"not_trusted", "192.0.2.1:1234", []string{"192.0.2.9"}, "192.0.2.1"},
		{"trusted", "10.0.0.1:1234", []string{"192.0.2.9"}, "192.0.2.9"},
		{"trusted_without_header", "10.0.0.1:1234", nil, "10.0.0.1"},
		{"last_counts", "10.0.0.1:1234", []string{"192.0.2.66, 192.0.2.9"}, "192.0.2.9"},
		{"last_line_counts", "10.0.0.1:1234", []string{"192.0.2.66", "192.0.2.9"}, "192.0.2.9"},
		{"two_proxies", "10.0.0.1:1234", []string{"192.0.2.66, 192.0.2.9 ,10.1.1.1"}, "192.0.2.9"},
		{"only_proxies", "10.0.0.1:1234", []string{"10.2.2.2, 10.1.1.1"}, "10.2.2.2"},
		{"nonsense", "10.0.0.1:1234", []string{"192.0.2.66, unknown"}, "10.0.0.1"},
		{"nonsense_behind_a_proxy", "10.0.0.1:1234", []string{"192.0.2.66, x, 10.1.1.1"}, "10.1.1.1"},
		{"empty", "10.0.0.1:1234", []string{""}, "10.0.0.1"},
		{"empty_elements", "10.0.0.1:1234", []string{"192.0.2.66, 192.0.2.9, , 10.1.1.1 ,,", ""}, "192.0.2.9"},
		{"with_port", "10.0.0.1:1234", []string{"192.0.2.9:80"}, "192.0.2.9"},
		{"IPv6", "[fd00::1]:1234", []string{"2001:db8::9"}, "2001:db8::9"},
		{"IPv6_with_port", "[fd00::1]:1234", []string{"[2001:db8::9]:80"}, "2001:db8::9"},
		{"IPv4_in_IPv6", "[::ffff:10.0.0.1]:1234", []string{"::ffff:192.0.2.9"}, "192.0.2.9"},
		{"zone", "[fe80::1%eth0]:1234", nil, "fe80::1"},
		{"Unix_socket", "@", []string{"192.0.2.9"}, "invalid IP"},
		{"64_KiB", "10.0.0.1:1234", []string{strings.Repeat(",", 64<<10)}, "10.0.0.1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := &http.Request{RemoteAddr: tt.remote, Header: http.Header{"X-Forwarded-For": tt.forwarded}}
			if got := s.ClientAddr(r).String(); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}
