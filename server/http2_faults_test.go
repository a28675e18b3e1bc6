package server_test

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

	"github.com/google/go-cmp/cmp"

	"hawser/websocket"
	"hawser/websocket/server"
)

// TestStreamFaults: what a client gets wrong is answered on a stream as on a TCP
// connection, byte for byte.
func TestStreamFaults(t *testing.T) {
	t.Parallel()
	s := &server.Server{Handler: echo}
	hs := startHTTP2(t, s)
	key := "\x00\x00\x00\x00"
	for name, in := range map[string]string{
		"length with bit 63":       "\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff" + key,
		"length of 2^62":           "\x82\xff\x40\x00\x00\x00\x00\x00\x00\x00" + key,
		"fragments that overflow":  "\x02\x81" + key + "a\x00\xff\x40\x00\x00\x00\x00\x00\x00\x00" + key,
		"length that isn't short":  "\x81\xfe\x00\x02" + key + "hi",
		"no mask":                  "\x81\x02hi",
		"RSV1":                     "\xc1\x82" + key + "hi",
		"RSV2":                     "\xa1\x82" + key + "hi",
		"opcode 3":                 "\x83\x82" + key + "hi",
		"ping in fragments":        "\x09\x80" + key,
		"long ping":                "\x89\xfe\x00\x7e" + key + strings.Repeat("x", 126),
		"continuation first":       "\x80\x81" + key + "a",
		"text within text":         "\x01\x81" + key + "a\x81\x81" + key + "b",
		"ping within text":         "\x01\x81" + key + "a\x89\x81" + key + "p\x80\x81" + key + "b\x88\x80" + key,
		"empty messages":           "\x81\x80" + key + "\x82\x80" + key + "\x88\x80" + key,
		"bad UTF-8":                "\x81\x83" + key + "\xed\xa0\x80",
		"bad UTF-8, unfinished":    "\x01\x81" + key + "\xff",
		"Close of one byte":        "\x88\x81" + key + "\x03",
		"Close with code 1005":     "\x88\x82" + key + "\x03\xed",
		"Close with code 1000":     "\x88\x82" + key + "\x03\xe8",
		"Close with a bad reason":  "\x88\x83" + key + "\x03\xe8\xff",
		"data behind Close":        "\x88\x82" + key + "\x03\xe8\x81\x81" + key + "a",
		"a million bytes too many": "\x82\xff\x00\x00\x00\x00\x00\x20\x00\x00" + key + strings.Repeat("x", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp, w := connect(t, hs, "websocket", nil)
			go io.WriteString(w, in)
			over2, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Error(err)
			}
			if d := cmp.Diff(answerHTTP1(t, hs.Listener.Addr().String(), in), string(over2)); d != "" {
				t.Error(d)
			}
		})
	}
}

// answerHTTP1 is what comes back for in over HTTP/1.1.
func answerHTTP1(t *testing.T, addr, in string) string {
	t.Helper()
	nc, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	io.WriteString(nc, "GET / HTTP/1.1\r\nHost: "+addr+"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
	r := bufio.NewReader(nc)
	if _, err := http.ReadResponse(r, nil); err != nil {
		t.Fatal(err)
	}
	go io.WriteString(nc, in)
	p, err := io.ReadAll(r)
	if err != nil {
		t.Error(err)
	}
	return string(p)
}

// TestStreamEndsEarly: a stream that its client ends or resets, wherever it is, ends the
// connection, and nothing is left of it.
func TestStreamEndsEarly(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	s := &server.Server{Handler: func(ctx context.Context, c *websocket.Conn) {
		_, _, err := c.Read(ctx)
		ended <- err
	}}
	hs := startHTTP2(t, s)
	const message = "\x81\x85\x00\x00\x00\x00hello"
	for n := range len(message) {
		resp, w := connect(t, hs, "websocket", nil)
		io.WriteString(w, message[:n])
		w.Close() // END_STREAM
		if err := <-ended; !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d bytes: %v", n, err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			t.Errorf("%d bytes: %v", n, err)
		}
		_, w = connect(t, hs, "websocket", nil)
		io.WriteString(w, message[:n])
		w.CloseWithError(errors.New("reset"))
		var network net.Error
		if err := <-ended; !errors.As(err, &network) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if n := s.Stats(); n.Open != 0 || n.Handshakes != 0 || n.Failed["network"] == 0 || n.Failed["end of stream"] == 0 {
		t.Errorf("%+v", n)
	}
	if err := hs.Config.Shutdown(ctx); err != nil { // waits for streams
		t.Error(err)
	}
}

// TestStreamLimits: streams count as connections do.
func TestStreamLimits(t *testing.T) {
	t.Parallel()
	s := &server.Server{Handler: echo, MaxConns: 5, MaxConnsPerAddr: 3}
	hs := startHTTP2(t, s)
	var statuses []int
	for range 5 {
		resp, _ := connect(t, hs, "websocket", nil)
		statuses = append(statuses, resp.StatusCode)
	}
	if d := cmp.Diff([]int{200, 200, 200, 429, 429}, statuses); d != "" {
		t.Error(d)
	}
}

// TestStreamTimeouts: deadlines that are there for the request, as those of the
// http.Server, don't end the connection, and neither does the request's context.
func TestStreamTimeouts(t *testing.T) {
	t.Parallel()
	s := &server.Server{Handler: echo}
	past := make(chan struct{})
	hs := startHTTP2(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		short, cancel := context.WithTimeout(r.Context(), 50*time.Millisecond)
		defer cancel()
		at, _ := short.Deadline()
		http.NewResponseController(w).SetReadDeadline(at)
		http.NewResponseController(w).SetWriteDeadline(at)
		go func() {
			<-short.Done()
			close(past)
		}()
		s.ServeHTTP(w, r.WithContext(short))
	}))
	resp, w := connect(t, hs, "websocket", nil)
	<-past
	io.WriteString(w, "\x81\x82\x00\x00\x00\x00hi\x88\x80\x00\x00\x00\x00")
	if p, err := io.ReadAll(resp.Body); string(p) != "\x81\x02hi\x88\x00" || err != nil {
		t.Errorf("%q, %v", p, err)
	}
}

// TestStreamStuck: a client that doesn't take what it's sent is given up by the write
// timeout; others on its connection don't notice.
func TestStreamStuck(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	s := &server.Server{Config: websocket.Config{WriteTimeout: 100 * time.Millisecond}}
	mux := http.NewServeMux()
	mux.Handle("/", s.With(echo))
	mux.Handle("/flood", s.With(func(ctx context.Context, c *websocket.Conn) {
		var err error
		for err == nil {
			err = c.Write(ctx, websocket.Binary, make([]byte, 1<<20))
		}
		ended <- err
	}))
	hs := startHTTP2(t, mux)
	url := hs.URL
	hs.URL += "/flood"
	stuck, _ := connect(t, hs, "websocket", nil)
	hs.URL = url
	other, w := connect(t, hs, "websocket", nil)
	if err := <-ended; !errors.Is(err, websocket.ErrWriteTimeout) {
		t.Error(err)
	}
	io.WriteString(w, "\x81\x82\x00\x00\x00\x00hi\x88\x80\x00\x00\x00\x00")
	if p, err := io.ReadAll(other.Body); string(p) != "\x81\x02hi\x88\x00" || err != nil {
		t.Errorf("%q, %v", p, err)
	}
	if _, err := io.Copy(io.Discard, stuck.Body); err == nil {
		t.Error("the stream that was cut ends in peace")
	}
}

// TestStreamUpgrade: Upgrade works on streams as well. A handler that returns without
// closing its connection ends it, and what others still write is an error.
func TestStreamUpgrade(t *testing.T) {
	t.Parallel()
	s := &server.Server{}
	conns := make(chan *websocket.Conn, 1)
	hs := startHTTP2(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := s.Upgrade(w, r)
		if err != nil {
			t.Error(err)
			return
		}
		if r.URL.Path == "/leave" {
			conns <- c
			return
		}
		defer c.CloseNow()
		echo(r.Context(), c)
	}))
	resp, w := connect(t, hs, "websocket", nil)
	io.WriteString(w, "\x81\x82\x00\x00\x00\x00hi\x88\x80\x00\x00\x00\x00")
	if p, err := io.ReadAll(resp.Body); string(p) != "\x81\x02hi\x88\x00" || err != nil {
		t.Errorf("%q, %v", p, err)
	}
	hs.URL += "/leave"
	connect(t, hs, "websocket", nil)
	c := <-conns
	<-c.Done()
	if err := c.Write(ctx, websocket.Text, nil); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

// TestHTTP2Settings: what is set already stays.
func TestHTTP2Settings(t *testing.T) {
	t.Parallel()
	hs := &http.Server{HTTP2: &http.HTTP2Config{MaxConcurrentStreams: 7}, Protocols: new(http.Protocols)}
	hs.Protocols.SetHTTP1(true)
	if err := server.HTTP2(hs); err != nil {
		t.Fatal(err)
	}
	if hs.HTTP2.MaxConcurrentStreams != 7 || hs.HTTP2.MaxReadFrameSize == 0 || !hs.Protocols.HTTP2() || !hs.Protocols.HTTP1() {
		t.Errorf("%+v %v", hs.HTTP2, hs.Protocols)
	}
}
