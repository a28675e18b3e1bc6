package main

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"

	"hawser/websocket"
	"hawser/websocket/server"
	_ "hawser/websocket/server/xconnect"
)

// TestHTTP2: -http2 has the conversation over HTTP/2, and -v says so.
func TestHTTP2(t *testing.T) {
	t.Parallel()
	hs := httptest.NewUnstartedServer(&server.Server{Handler: func(ctx context.Context, c *websocket.Conn) {
		for m, err := range c.Messages(ctx) {
			if err != nil || c.Write(ctx, m.Type, m.Data) != nil {
				return
			}
		}
	}})
	if err := server.HTTP2(hs.Config); err != nil {
		t.Fatal(err)
	}
	hs.EnableHTTP2 = true
	hs.StartTLS()
	t.Cleanup(hs.Close)
	url := strings.Replace(hs.URL, "https", "wss", 1)
	for proto, args := range map[string][]string{
		"< HTTP/2.0 200 OK":                  {"-http2", "-insecure", "-v", url},
		"< HTTP/1.1 101 Switching Protocols": {"-insecure", "-v", url},
	} {
		code, out, errs := chat("hello\n", args...)
		if code != 0 || out != "hello\n" || !strings.Contains(errs, proto) {
			t.Errorf("%v: exit code %d, %q, %s", args, code, out, errs)
		}
	}
	if code, _, errs := chat("", "-http2", "-listen", "localhost:0"); code != exitUsage || !strings.Contains(errs, "HTTP/1.1") {
		t.Errorf("with -listen: exit code %d, %s", code, errs)
	}
}
