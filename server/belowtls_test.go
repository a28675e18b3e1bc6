package server_test

import (
	"crypto/tls"
	"net/http/httptest"
	"strings"
	"testing"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/server"
)

// TestBelowTLS: a server over TLS on such a listener talks as any other.
func TestBelowTLS(t *testing.T) {
	t.Parallel()
	hs := httptest.NewUnstartedServer(&server.Server{Handler: echo})
	hs.Listener = server.BelowTLS(hs.Listener)
	hs.StartTLS()
	defer hs.Close()
	d := client.Dialer{TLSConfig: &tls.Config{InsecureSkipVerify: true}}
	c, _, err := d.Dial(t.Context(), strings.Replace(hs.URL, "https", "wss", 1))
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	for n := 1; n < 1<<20; n *= 3 {
		want := strings.Repeat("x", n)
		var batch []websocket.Message
		for range 5 {
			batch = append(batch, websocket.Message{Type: websocket.Text, Data: []byte(want)})
		}
		go c.WriteBatch(t.Context(), batch...)
		for range batch {
			if _, p, err := c.Read(t.Context()); err != nil || string(p) != want {
				t.Fatalf("%d of %d bytes, %v", len(p), n, err)
			}
		}
	}
	if err := c.Close(1000, ""); err != nil {
		t.Error(err)
	}
}
