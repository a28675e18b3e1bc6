package client_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
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

var ctx = context.Background()

// noProxy keeps the environment of the machine out.
func noProxy(*http.Request) (*url.URL, error) { return nil, nil }

var echo = &server.Server{
	Handler: func(ctx context.Context, c *websocket.Conn) {
		for m, err := range c.Messages(ctx) {
			if err != nil || c.Write(ctx, m.Type, m.Data) != nil {
				return
			}
		}
	},
	Subprotocols: []string{"chat"},
}

func ws(httpURL string) string { return "ws" + strings.TrimPrefix(httpURL, "http") }

func roundTrip(t *testing.T, c *websocket.Conn) {
	t.Helper()
	if err := c.Write(ctx, websocket.Text, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, p, err := c.Read(ctx); string(p) != "hello" || err != nil {
		t.Fatalf("%q, %v", p, err)
	}
	if err := c.Close(frame.CodeNormal, ""); err != nil {
		t.Error(err)
	}
}

// script is a server that answers each connection with what respond returns for
// the request's head, and keeps it open.
func script(t *testing.T, respond func(head string, nc net.Conn)) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	t.Cleanup(func() { l.Close(); wg.Wait() })
	wg.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer nc.Close()
				nc.SetDeadline(time.Now().Add(20 * time.Second))
				var head strings.Builder
				br := bufio.NewReader(nc)
				for !strings.HasSuffix(head.String(), "\r\n\r\n") {
					line, err := br.ReadString('\n')
					if err != nil {
						return
					}
					head.WriteString(line)
				}
				respond(head.String(), nc)
				io.Copy(io.Discard, br)
			})
		}
	})
	return l.Addr().String()
}

// header returns the value of a header of head.
func header(head, name string) string {
	for line := range strings.SplitSeq(head, "\r\n") {
		if k, v, ok := strings.Cut(line, ": "); ok && strings.EqualFold(k, name) {
			return v
		}
	}
	return ""
}

func accept(head string) string {
	return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
		handshake.Accept(header(head, "Sec-WebSocket-Key")) + "\r\n"
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	addr := script(t, func(string, net.Conn) {})
	d := &client.Dialer{Proxy: noProxy, Timeout: 50 * time.Millisecond}
	if _, _, err := d.Dial(ctx, "ws://"+addr); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	short, cancel := context.WithCancel(ctx)
	cancel()
	if _, _, err := new(client.Dialer).Dial(short, "ws://"+addr); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	dripping := script(t, func(_ string, nc net.Conn) {
		io.WriteString(nc, "HTTP/1.1 101 x\r\nX: ")
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for range tick.C {
			if _, err := io.WriteString(nc, "x"); err != nil {
				return
			}
		}
	})
	if _, _, err := d.Dial(ctx, "ws://"+dripping); !errors.Is(err, context.DeadlineExceeded) {
		t.Error("C3:", err)
	}
	d.Timeout = -1
	short, cancel = context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if _, _, err := d.Dial(short, "ws://"+addr); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}
