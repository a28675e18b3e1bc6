package server_test

import (
	"bufio"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hawser/websocket/frame"
	"hawser/websocket/handshake"
	"hawser/websocket/server"
)

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
