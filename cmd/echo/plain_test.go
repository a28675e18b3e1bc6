package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"hawser/websocket"
)

// TestPlainHTTPEnds: a client that isn't upgraded holds its connection no longer than
// the timeouts say, whatever it sends or doesn't read. In the end all places among
// -max-handshakes are free again.
func TestPlainHTTPEnds(t *testing.T) {
	t.Parallel()
	const body = "Content-Length: 100\r\n\r\n"
	for _, tt := range []struct {
		name, send string
		then       func(nc net.Conn) // besides reading; nil for nothing
	}{
		{"nothing", "", nil},
		{"a part of a head", "GET / HTTP/1.1\r\nHost: loc", nil},
		{"a head in small pieces", "GET / HTTP/1.1\r\nHost: localhost\r\nX: ", trickle},
		{"a page and then nothing", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", nil},
		{"a page with a body that never comes", "GET / HTTP/1.1\r\nHost: localhost\r\n" + body, nil},
		{"a health check with a body that never comes", "GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + body, nil},
		{"a post with a body that never comes", "POST / HTTP/1.1\r\nHost: localhost\r\n" + body, nil},
		{"a post with a body in small pieces", "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n", trickle},
		{"a post with a chunk that never comes", "POST /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", nil},
		{"a post that waits to be told to continue", "POST /healthz HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n" + body, nil},
		{"no upgrade, with a body that never comes", "GET /echo HTTP/1.1\r\nHost: localhost\r\n" + body, nil},
		{"an upgrade with a body that never comes", strings.TrimSuffix(upgrade, "\r\n") + body, nil},
		{"a wrong upgrade with a body that never comes", strings.TrimSuffix(strings.Replace(upgrade, "13", "12", 1), "\r\n") + body, nil},
		{"a stranger's host with a body that never comes", "POST / HTTP/1.1\r\nHost: evil.example\r\n" + body, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			addr, _, _ := start(t, "-quiet", "-head-timeout", "50ms", "-max-handshakes", "1")
			nc := rawDial(t, addr, tt.send)
			if tt.then != nil {
				go tt.then(nc)
			}
			wantEnd(t, nc)
			wantPlace(t, addr)
		})
	}
}

// TestPagesThatNobodyReads end with the time that a client has to take them.
func TestPagesThatNobodyReads(t *testing.T) {
	t.Parallel()
	addr, _, _ := start(t, "-quiet", "-write-timeout", "50ms", "-max-handshakes", "1")
	nc := rawDial(t, addr, "")
	for {
		if _, err := io.WriteString(nc, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
			if errors.Is(err, errTimeout) {
				t.Error(err)
			}
			break
		}
	}
	wantPlace(t, addr)
}

// TestTLSEnds: so does a client that doesn't get as far as a request.
func TestTLSEnds(t *testing.T) {
	t.Parallel()
	addr, _, _ := start(t, "-quiet", "-self-signed", "-head-timeout", "50ms")
	for _, hello := range []string{"", "\x16\x03\x01\x02\x00\x01"} {
		wantEnd(t, rawDial(t, addr, hello))
	}
	nc, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(30 * time.Second))
	io.WriteString(nc, "POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n")
	wantEnd(t, patientConn{nc})
}

// TestIdleKeepAlive: connections that have had their page keep nobody out, browser or
// WebSocket client, though they take up all places and stay.
func TestIdleKeepAlive(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"-max-handshakes 5", "-max-conns-per-addr 5"} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			addr, _, _ := start(t, append(strings.Fields(args), "-quiet", "-head-timeout", "1h")...)
			addr = strings.Replace(addr, "localhost", "127.0.0.1", 1)
			page := func() net.Conn {
				nc := rawDial(t, addr, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
				resp, err := http.ReadResponse(bufio.NewReader(nc), nil)
				if err != nil || resp.StatusCode != http.StatusOK || resp.Close {
					t.Fatal(resp, err)
				}
				return nc
			}
			first := page()
			for range 20 {
				page()
			}
			wantEnd(t, first) // it gave way
			c := dial(t, addr)
			c.Write(ctx, websocket.Text, []byte("hello"))
			read(t, c, websocket.Text, "hello")
		})
	}
}

// TestDebugBodyThatNeverComes: the other address has the same timeouts, but none for a
// profile that takes longer.
func TestDebugBodyThatNeverComes(t *testing.T) {
	t.Parallel()
	_, out, _ := start(t, "-quiet", "-head-timeout", "50ms", "-debug", "localhost:0")
	addr := "localhost:" + out.waitLine("debugging on port ")
	for _, path := range []string{"/debug/vars", "/healthz", "/debug/pprof/symbol"} {
		wantEnd(t, rawDial(t, addr, "POST "+path+" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n"))
	}
	if status, body := get(t, "http://"+addr+"/debug/pprof/trace?seconds=0.2"); status != 200 || !strings.HasPrefix(body, "go 1.") {
		t.Errorf("%d %.100q", status, body)
	}
}

// trickle writes on, a byte at a time, until the other side has enough.
func trickle(nc net.Conn) {
	for range time.Tick(10 * time.Millisecond) {
		if _, err := io.WriteString(nc, "x"); err != nil {
			return
		}
	}
}

// wantPlace waits until a client gets in: the server learns a bit later than the client
// that a connection has ended.
func wantPlace(t *testing.T, addr string) {
	t.Helper()
	patience, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tr := &http.Transport{DisableKeepAlives: true}
	for {
		req, _ := http.NewRequestWithContext(patience, "GET", "http://"+addr+"/healthz", nil)
		resp, err := tr.RoundTrip(req)
		if err == nil {
			resp.Body.Close()
			return
		}
		if patience.Err() != nil {
			t.Fatal("nobody gets in any more:", err)
		}
	}
}
