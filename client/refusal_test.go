package client_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

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

// TestRefusals: of the body of a refusal there is what arrives within a second, and
// at most 1 KiB, however a server goes on. Its first line is in the error if it's
// text.
func TestRefusals(t *testing.T) {
	t.Parallel()
	const forever = time.Hour
	long := strings.Repeat("ü", 2000)
	for _, tt := range []struct {
		name, answer string
		pause        time.Duration // between the answer's head, its body, and the end
		took         time.Duration
		body, line   string // the line is the one quoted
	}{
		{"a length", "403 Forbidden\r\nContent-Length: 4\r\n\r\nno.\n", forever, 0, "no.\n", "no."},
		{"chunks", "403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nno.\n\r\n0\r\n\r\n", forever, 0, "no.\n", "no."},
		{"no length, and the end", "403 Forbidden\r\n\r\nno.\nno!", 0, 0, "no.\nno!", "no."},
		{"no length, and no end", "403 Forbidden\r\n\r\nno.\n", forever, time.Second, "no.\n", "no."},
		{"less than its length", "403 Forbidden\r\nContent-Length: 10\r\n\r\nno.\n", forever, time.Second, "no.\n", "no."},
		{"chunks without an end", "403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nno.\n\r\n", forever, time.Second, "no.\n", "no."},
		{"an event stream", "200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: hello\n\n", forever, time.Second, "data: hello\n\n", "data: hello"},
		{"a body that comes later", "403 Forbidden\r\n\r\n|no.\n", 500 * time.Millisecond, time.Second, "no.\n", "no."},
		{"a body that comes too late", "403 Forbidden\r\n\r\n|no.\n", 2 * time.Second, time.Second, "", ""},
		{"a redirect without a length", "302 Found\r\nLocation: /\r\n\r\n", forever, time.Second, "", ""},
		{"no body", "401 Unauthorized\r\nContent-Length: 0\r\n\r\n", forever, 0, "", ""},
		{"none allowed", "204 No Content\r\n\r\n", forever, 0, "", ""},
		{"a long body", "403 Forbidden\r\nContent-Length: 1000000\r\n\r\n" + strings.Repeat("no\n", 5000), forever, 0, strings.Repeat("no\n", 5000)[:1024], "no"},
		{"a long line", "403 Forbidden\r\n\r\n" + long, forever, 0, long[:1024], long[:200] + "..."},
		{"a long line of odd length", "403 Forbidden\r\n\r\nx" + long, forever, 0, ("x" + long)[:1024], "x" + long[:198] + "..."},
		{"empty lines first", "403 Forbidden\r\nContent-Length: 9\r\n\r\n \r\n\r\nno\r\n", forever, 0, " \r\n\r\nno\r\n", "no"},
		{"quotes", "403 Forbidden\r\nContent-Length: 13\r\n\r\nsay \"please\"\n", forever, 0, "say \"please\"\n", `say "please"`},
		{"JSON", "403 Forbidden\r\nContent-Length: 14\r\n\r\n{\"error\":\"no\"}", forever, 0, `{"error":"no"}`, `{"error":"no"}`},
		{"HTML", "403 Forbidden\r\nContent-Length: 11\r\n\r\n<html>\nno\n\n", forever, 0, "<html>\nno\n\n", ""},
		{"binary", "403 Forbidden\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00", forever, 0, "\x1f\x8b\x08\x00", ""},
		{"a terminal's control characters", "403 Forbidden\r\nContent-Length: 6\r\n\r\n\x1b[2Jno", forever, 0, "\x1b[2Jno", ""},
		{"not UTF-8", "403 Forbidden\r\nContent-Length: 3\r\n\r\nn\xffo", forever, 0, "n\xffo", ""},
	} {
		status, _, _ := strings.Cut(tt.answer, "\r\n")
		line := ""
		if tt.line != "" {
			line = fmt.Sprintf(": %q", tt.line)
		}
		answer := func(_ string, nc net.Conn) {
			for part := range strings.SplitSeq("HTTP/1.1 "+tt.answer, "|") {
				if _, err := io.WriteString(nc, part); err != nil {
					return
				}
				time.Sleep(tt.pause)
			}
			nc.Close()
		}
		check := func(t *testing.T, proxy *url.URL, text string) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				_, resp, err := (&client.Dialer{Proxy: http.ProxyURL(proxy), DialContext: answering(answer)}).Dial(ctx, "ws://example.org")
				took := time.Since(start)
				var he *client.HandshakeError
				if !errors.As(err, &he) || he.Response == nil || proxy == nil && resp != he.Response {
					t.Fatalf("%v, response %v", err, resp)
				}
				if took != tt.took {
					t.Errorf("took %v, want %v", took, tt.took)
				}
				body, bodyErr := io.ReadAll(he.Response.Body)
				if diff := cmp.Diff(tt.body, string(body)); diff != "" || bodyErr != nil {
					t.Error("body:", bodyErr, diff)
				}
				if diff := cmp.Diff(text+line, err.Error()); diff != "" {
					t.Error(diff)
				}
				time.Sleep(forever) // until the server has noticed
			})
		}
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			check(t, nil, fmt.Sprintf("websocket: handshake failed: the server answers with status %q instead of 101", status))
		})
		if status[0] != '2' { // of a proxy that's no refusal
			t.Run(tt.name+" by a proxy", func(t *testing.T) {
				t.Parallel()
				check(t, &url.URL{Scheme: "http", Host: "p.example"},
					fmt.Sprintf("websocket: CONNECT example.org:80 at p.example:80, the http proxy: the proxy answers with status %q", status))
			})
		}
	}
}

// TestRefusalWithSecret: a server that quotes what it refuses doesn't bring a secret
// into the error.
func TestRefusalWithSecret(t *testing.T) {
	t.Parallel()
	hs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		for i, part := range []string{
			"wrong password " + password + " of " + user, "got " + r.Header.Get("Authorization"), "got " + r.Header.Get("Cookie"),
			"Basic authentication of " + user + " failed",
		} {
			if r.URL.Path == fmt.Sprintf("/%d", i) {
				http.Error(w, part, http.StatusUnauthorized)
			}
		}
	}))
	t.Cleanup(hs.Close)
	for i, quoted := range []bool{false, false, false, true} {
		d := &client.Dialer{Header: http.Header{"cookie": {"id=secret-cookie"}}}
		_, _, err := d.Dial(ctx, fmt.Sprintf("%s/%d", strings.Replace(ws(hs.URL), "://", "://user:secret-password@", 1), i))
		if err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "c2Vj") {
			t.Errorf("%d: %v", i, err)
		}
		if err != nil && strings.Contains(err.Error(), "user") != quoted {
			t.Errorf("%d: %v", i, err)
		}
	}
	d := &client.Dialer{Header: http.Header{"AUTHORIZATION": {"Bearer secret-token"}}}
	if _, _, err := d.Dial(ctx, ws(hs.URL)+"/1"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
}
