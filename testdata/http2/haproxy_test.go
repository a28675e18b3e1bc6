package http2

import (
	"crypto/tls"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hawser/websocket/client"
)

// TestHAProxy has WebSockets go through it in all combinations of what is spoken on its
// two sides.
func TestHAProxy(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("haproxy")
	if err != nil {
		path = "/usr/sbin/haproxy" // which is not in everybody's PATH
	}
	need(t, path, "-v")
	config, err := os.ReadFile("haproxy.cfg")
	if err != nil {
		t.Fatal(err)
	}
	backs := []struct {
		name, front, back string
		secure            bool
		protocols         func(*http.Protocols)
	}{
		{"HTTP/1.1", "127.0.0.1:8001", "127.0.0.1:9001", false, func(p *http.Protocols) { p.SetHTTP1(true) }},
		{"HTTP/1.1 with TLS", "127.0.0.1:8002", "127.0.0.1:9002", true, func(p *http.Protocols) { p.SetHTTP1(true) }},
		{"HTTP/2", "127.0.0.1:8003", "127.0.0.1:9003", false, func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) }},
		{"HTTP/2 with TLS", "127.0.0.1:8004", "127.0.0.1:9004", true, func(p *http.Protocols) { p.SetHTTP2(true) }},
	}
	var replace []string
	for i := range backs {
		b := &backs[i]
		front := freeAddr(t)
		replace = append(replace, b.front, front, b.back, newSite(t, b.secure, b.protocols).Listener.Addr().String())
		b.front = front
	}
	dir := t.TempDir()
	roots := certificate(t, dir)
	edited := strings.NewReplacer(replace...).Replace(string(config))
	if err := os.WriteFile(filepath.Join(dir, "haproxy.cfg"), []byte(edited), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, dir, backs[0].front, path, "-db", "-f", "haproxy.cfg")
	for _, b := range backs {
		for proto, pool := range map[string]*client.HTTP2{"HTTP/1.1": nil, "HTTP/2.0": {Required: true}} {
			t.Run(proto+" to "+b.name, func(t *testing.T) {
				d := &client.Dialer{TLSConfig: &tls.Config{RootCAs: roots}, HTTP2: pool, Subprotocols: []string{"chat"}}
				for range 3 {
					c, resp, err := d.Dial(ctx, "wss://"+b.front+"/echo")
					if err != nil {
						t.Fatal(err)
					}
					if resp.Proto != proto || c.Subprotocol() != "chat" {
						t.Errorf("%s, subprotocol %q", resp.Proto, c.Subprotocol())
					}
					converse(t, c)
				}
			})
		}
	}
}
