package main

import (
	"net/http"
	"testing"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/frame"
)

// TestHTTP2: with -http2 the page and WebSockets come over HTTP/2, without it neither
// does.
func TestHTTP2(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, scheme, proto string
		args                []string
	}{
		{"TLS", "s", "HTTP/2.0", []string{"-self-signed", "-http2"}},
		{"clear", "", "HTTP/2.0", []string{"-http2"}},
		{"off", "s", "HTTP/1.1", []string{"-self-signed"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			addr, _, stop := start(t, append(tt.args, "-drain", "5s")...)
			d := &client.Dialer{HTTPClient: insecure(), HTTP2: &client.HTTP2{Required: tt.name == "clear"}}
			c, resp, err := d.Dial(ctx, "ws"+tt.scheme+"://"+addr+"/")
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			if _, p, err := c.Read(ctx); len(p) == 0 || err != nil || resp.Proto != tt.proto {
				t.Errorf("%s %q, %v", resp.Proto, p, err)
			}
			hc := insecure()
			p := new(http.Protocols)
			p.SetHTTP1(tt.name == "off")
			p.SetHTTP2(true)
			p.SetUnencryptedHTTP2(tt.name == "clear")
			hc.Transport.(*http.Transport).Protocols = p
			page, err := hc.Get("http" + tt.scheme + "://" + addr + "/")
			if err != nil {
				t.Fatal(err)
			}
			page.Body.Close()
			if page.Proto != tt.proto || page.StatusCode != 200 {
				t.Errorf("the page: %s %s", page.Proto, page.Status)
			}
			hc.CloseIdleConnections()
			ended := make(chan error)
			go func() {
				_, _, err := c.Read(ctx)
				ended <- err
			}()
			if code := stop(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			if err := <-ended; websocket.CloseCode(err) != frame.CodeGoingAway {
				t.Error(err)
			}
		})
	}
}
