package client_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"hawser/websocket/client"
	"hawser/websocket/frame"
)

// TestResponses: what servers answer, and what becomes of it.
func TestResponses(t *testing.T) {
	t.Parallel()
	hello := string(frame.Append(nil, frame.Header{Fin: true, Opcode: frame.Text}, []byte("glued")))
	tests := []struct {
		name    string
		respond func(head string) string
		status  int
		err     string
	}{
		{"C4_frames_glued_to_the_head", func(h string) string { return accept(h) + "\r\n" + hello }, 101, ""},
		{"4.1_interim_responses", func(h string) string {
			return strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", 3) + accept(h) + "\r\n" + hello
		}, 101, ""},
		{"C3_storm_of_interim_responses", func(h string) string { return strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 1000) }, 0, "interim"},
		{"C3_head_of_10_MB", func(h string) string { return accept(h) + "X: " + strings.Repeat("a", 10<<20) }, 0, "longer than 65536"},
		{"C1_wrong_accept", func(h string) string { return accept("") + "\r\n" }, 101, "doesn't answer the key"},
		{"C1_200", func(string) string { return "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" }, 200, "200 OK"},
		{"C1_garbage", func(string) string { return "garbage\r\n\r\n" }, 0, "malformed"},
		{"C1_end", func(string) string { return "HTTP/1.1 101 Sw" }, 0, "unexpected EOF"},
		{"C2_subprotocol", func(h string) string { return accept(h) + "Sec-WebSocket-Protocol: other\r\n\r\n" }, 101, "not offered"},
		{"C2_extension", func(h string) string { return accept(h) + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n" }, 101, "not offered"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			addr := script(t, func(head string, nc net.Conn) {
				io.WriteString(nc, tt.respond(head))
				if tt.status != 101 || tt.err != "" {
					nc.(*net.TCPConn).CloseWrite()
				}
			})
			c, resp, err := (&client.Dialer{Proxy: noProxy}).Dial(ctx, "ws://"+addr)
			if (resp == nil) != (tt.status == 0) || resp != nil && resp.StatusCode != tt.status {
				t.Errorf("response %v", resp)
			}
			if tt.err == "" {
				if err != nil {
					t.Fatal(err)
				}
				defer c.CloseNow()
				if _, p, err := c.Read(ctx); string(p) != "glued" || err != nil {
					t.Errorf("%q, %v", p, err)
				}
				return
			}
			var he *client.HandshakeError
			if !errors.As(err, &he) || he.Response != resp || !strings.Contains(err.Error(), tt.err) || !strings.HasPrefix(err.Error(), "websocket: ") {
				t.Fatalf("%v; want %q", err, tt.err)
			}
		})
	}
}

// TestRefusalBody is line C1: of a refusal's body at most 1 KiB is kept. That it's
// not waited for longer than the dial may take is in TestSlowServers.
func TestRefusalBody(t *testing.T) {
	t.Parallel()
	addr := script(t, func(head string, nc net.Conn) {
		io.WriteString(nc, "HTTP/1.1 403 Forbidden\r\nX-Why: because\r\nContent-Length: 1000000\r\n\r\n"+strings.Repeat("no", 5000))
	})
	_, resp, err := (&client.Dialer{Proxy: noProxy}).Dial(ctx, "ws://"+addr)
	if err == nil || resp.Header.Get("X-Why") != "because" {
		t.Fatal(resp, err)
	}
	if body, err := io.ReadAll(resp.Body); len(body) != 1024 || err != nil {
		t.Error(len(body), err)
	}
}
