package fuzz

import (
	"bufio"
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket"
	"hawser/websocket/handshake"
	"hawser/websocket/server"
)

// script is a connection whose peer says what it has to say and ends.
type script struct {
	net.Conn
	in     *strings.Reader
	out    bytes.Buffer
	closed chan struct{}
}

func (c *script) Read(p []byte) (int, error)       { return c.in.Read(p) }
func (c *script) Write(p []byte) (int, error)      { return c.out.Write(p) }
func (c *script) Close() error                     { close(c.closed); return nil }
func (c *script) RemoteAddr() net.Addr             { return nil }
func (c *script) SetDeadline(time.Time) error      { return nil }
func (c *script) SetReadDeadline(time.Time) error  { return nil }
func (c *script) SetWriteDeadline(time.Time) error { return nil }

// scripts is a listener for them.
type scripts chan net.Conn

func (l scripts) Accept() (net.Conn, error) {
	if nc, ok := <-l; ok {
		return nc, nil
	}
	return nil, net.ErrClosed
}
func (l scripts) Close() error   { return nil }
func (l scripts) Addr() net.Addr { return nil }

// FuzzHead: what Server.Serve takes for a request, http.ReadRequest does too, and
// understands the same; what it doesn't is refused in one answer, with a status that says
// whose fault it is. Either way the connection comes to an end.
func FuzzHead(f *testing.F) {
	f.Add(head + "\r\n\x81\x80abcd")
	f.Add(strings.ReplaceAll(head, "\r\n", "\n") + "Origin: http://a\nX:  a \t\nx: b\n\n")
	for _, line := range []string{
		"POST http://u@h:1/a//b?c=d&e#f HTTP/1.1", "CONNECT h:1 HTTP/1.1", "OPTIONS * HTTP/1.9", "GET //a/./b=&c?? HTTP/1.1", "GET /? HTTP/1.0",
		"GET /a%20b?%zz HTTP/1.1", "PRI * HTTP/2.0",
	} {
		f.Add(line + "\r\nHost: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n")
	}
	f.Add("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n")
	f.Add("\x16\x03\x01")
	var got *http.Request // the one that was understood
	s := &server.Server{
		Handler: func(context.Context, *websocket.Conn) {},
		Logger:  slog.New(slog.DiscardHandler),
		Check: func(r *http.Request) error {
			got = r
			return &handshake.Refusal{Status: 418, Reason: "this is a test"}
		},
		Refuse: func(_ http.ResponseWriter, r *http.Request, _ *handshake.Refusal) { got = r },
	}
	l := make(scripts)
	defer close(l)
	go s.Serve(l)
	f.Fuzz(func(t *testing.T, in string) {
		got = nil
		nc := &script{in: strings.NewReader(in), closed: make(chan struct{})}
		l <- nc
		<-nc.closed
		if in == "" {
			return
		}
		br := bufio.NewReader(&nc.out)
		resp, err := http.ReadResponse(br, got)
		if err != nil {
			t.Fatalf("%q: %v", in, err)
		}
		if s := resp.StatusCode; s != 400 && s != 403 && s != 405 && s != 418 && s != 426 && s != 431 && s != 501 && s != 505 || !resp.Close {
			t.Errorf("%q: %v", in, resp)
		}
		if got == nil {
			return
		}
		want, err := http.ReadRequest(bufio.NewReader(strings.NewReader(in)))
		if err != nil {
			t.Fatalf("%q: understood %+v, but %v", in, got, err)
		}
		hasBody := func(r *http.Request) bool { return r.ContentLength != 0 || len(r.TransferEncoding) > 0 }
		type request struct {
			Method, URI, Proto, Host, URL string
			Header                        http.Header
			Body                          bool
		}
		of := func(r *http.Request) request {
			h := r.Header.Clone()
			// net/http has its ways with these, for the sake of bodies and old caches.
			for _, name := range []string{"Content-Length", "Transfer-Encoding", "Trailer", "Cache-Control"} {
				h.Del(name)
			}
			return request{r.Method, r.RequestURI, r.Proto, r.Host, r.URL.String(), h, hasBody(r)}
		}
		if diff := cmp.Diff(of(want), of(got)); diff != "" {
			t.Errorf("%q: %s", in, diff)
		}
		if !reflect.DeepEqual(want.URL, got.URL) {
			t.Errorf("%q: %#v instead of %#v", in, got.URL, want.URL)
		}
	})
}
