package xconnect_test

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"runtime"
	"testing"

	"hawser/websocket/client"
	"hawser/websocket/server"
	_ "hawser/websocket/server/xconnect"

	"hawser/websocket"
)

// TestToolchain tells which of the ways into net/http that WebSockets over HTTP/2 need
// this Go has. Each failure is about one of them.
func TestToolchain(t *testing.T) {
	t.Log(runtime.Version())
	protocol := make(chan string, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("/plain", func(w http.ResponseWriter, r *http.Request) {
		protocol <- r.Method + " " + r.Header.Get(":protocol")
	})
	mux.Handle("/echo", &server.Server{Handler: func(ctx context.Context, c *websocket.Conn) {
		if m, p, err := c.Read(ctx); err == nil {
			c.Write(ctx, m, p)
		}
		c.Read(ctx)
	}})
	hs := httptest.NewUnstartedServer(mux)
	hs.EnableHTTP2 = true
	if err := server.HTTP2(hs.Config); err != nil {
		t.Fatalf("the switch: %v", err)
	}
	hs.StartTLS()
	defer hs.Close()
	config := hs.Client().Transport.(*http.Transport).TLSClientConfig

	t.Run("a server announces it when package xconnect is imported", func(t *testing.T) {
		nc, err := tls.Dial("tcp", hs.Listener.Addr().String(), &tls.Config{RootCAs: config.RootCAs, ServerName: "example.com", NextProtos: []string{"h2"}})
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		io.WriteString(nc, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
		head := make([]byte, 9)
		if _, err := io.ReadFull(nc, head); err != nil || head[3] != 4 {
			t.Fatalf("no SETTINGS: % x, %v", head, err)
		}
		settings := make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))
		if _, err := io.ReadFull(nc, settings); err != nil {
			t.Fatal(err)
		}
		for ; len(settings) >= 6; settings = settings[6:] {
			if string(settings[:6]) == "\x00\x08\x00\x00\x00\x01" {
				return
			}
		}
		t.Error("SETTINGS_ENABLE_CONNECT_PROTOCOL is not among the settings: net/http was initialized before, or has lost GODEBUG=http2xconnect=1")
	})
	t.Run("a Transport takes :protocol from a GotConn hook", func(t *testing.T) {
		r, err := http.NewRequest("CONNECT", hs.URL+"/plain", nil)
		if err != nil {
			t.Fatal(err)
		}
		hook := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { r.Header[":protocol"] = []string{"test"} }}
		resp, err := hs.Client().Transport.RoundTrip(r.WithContext(httptrace.WithClientTrace(t.Context(), hook)))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := <-protocol; got != "CONNECT test" {
			t.Errorf("the server got %q", got)
		}
	})
	t.Run("a WebSocket", func(t *testing.T) {
		d := &client.Dialer{HTTP2: &client.HTTP2{Required: true}, TLSConfig: config}
		c, _, err := d.Dial(t.Context(), hs.URL+"/echo")
		if err != nil {
			t.Fatal(err)
		}
		defer c.CloseNow()
		c.Write(t.Context(), websocket.Text, []byte("hello"))
		if _, p, err := c.Read(t.Context()); string(p) != "hello" || err != nil {
			t.Errorf("%q, %v", p, err)
		}
	})
}
