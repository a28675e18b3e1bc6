package websocket_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket"
	"hawser/websocket/frame"
)

func TestEcho(t *testing.T) {
	t.Parallel()
	forPairs(t, large, func(t *testing.T, c, s *websocket.Conn) {
		done := goEcho(s)
		for i, n := range []int{0, 1, 125, 126, 65535, 65536, 1 << 20, 16 << 20} {
			typ := websocket.MessageType(1 + i%2)
			go func() {
				if err := c.Write(ctx, typ, []byte(text(n))); err != nil {
					t.Error(err)
				}
			}()
			got, p, err := c.Read(ctx)
			if got != typ || string(p) != text(n) || err != nil {
				t.Fatalf("%d bytes of %v: %v of %d bytes, %v", n, typ, got, len(p), err)
			}
		}
		if err := c.Close(frame.CodeNormal, "bye"); err != nil {
			t.Error(err)
		}
		e := closeError(t, <-done)
		if diff := cmp.Diff(websocket.CloseError{Code: 1000, Reason: "bye", SentCode: 1000, SentReason: "bye"}, *e); diff != "" {
			t.Error(diff)
		}
		e = closeError(t, c.Err())
		if diff := cmp.Diff(websocket.CloseError{Code: 1000, Reason: "bye", SentCode: 1000, SentReason: "bye", Local: true}, *e); diff != "" {
			t.Error(diff)
		}
		if c.Context().Err() == nil || context.Cause(s.Context()) != s.Err() || websocket.CloseCode(s.Err()) != 1000 {
			t.Error(c.Context().Err(), context.Cause(s.Context()))
		}
	})
}

// TestStreams sends with Writer and receives with Reader.
func TestStreams(t *testing.T) {
	t.Parallel()
	forPairs(t, large, func(t *testing.T, c, s *websocket.Conn) {
		word := "дом€😀x"
		for _, step := range []int{1, 7, 4096, 5000, 70000, 1 << 20} {
			want := strings.Repeat(word, 1+min(step*40, 1<<20)/len(word))
			go func() {
				w, err := c.Writer(ctx, websocket.Text)
				if err != nil {
					t.Error(err)
					return
				}
				for rest := want; rest != ""; {
					n := min(step, len(rest))
					if k, err := io.WriteString(w, rest[:n]); k != n || err != nil {
						t.Error(k, err)
					}
					rest = rest[n:]
				}
				if err := w.Close(); err != nil {
					t.Error(err)
				}
				if err := w.Close(); err != nil {
					t.Error("second Close:", err)
				}
				if _, err := w.Write([]byte("x")); err == nil {
					t.Error("a write after Close was accepted")
				}
			}()
			typ, r, err := s.Reader(ctx)
			if typ != websocket.Text || err != nil {
				t.Fatal(typ, err)
			}
			var got bytes.Buffer
			if step%2 == 0 {
				_, err = io.Copy(&got, r)
			} else {
				_, err = io.Copy(&got, struct{ io.Reader }{r})
			}
			if err != nil || got.String() != want {
				t.Fatalf("step %d: %d bytes of %d, %v", step, got.Len(), len(want), err)
			}
			if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
				t.Error("after the end:", n, err)
			}
		}
	})
}

// TestUnread is line H11: what came with the handshake is the first to be read.
func TestUnread(t *testing.T) {
	t.Parallel()
	a, b := netPair(t)
	p := &peer{Conn: b, t: t, role: frame.Server}
	first := p.bytes(txt, "early")
	c := websocket.NewConn(a, websocket.Setup{Role: frame.Server, Unread: first[:9], Subprotocol: "chat"}, websocket.Config{})
	clear(first[:9])
	first = p.bytes(txt, "early")
	p.write(first[9:])
	if _, got, err := c.Read(ctx); string(got) != "early" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if c.Subprotocol() != "chat" || c.Role() != frame.Server || c.LocalAddr() != a.LocalAddr() || c.RemoteAddr() != a.RemoteAddr() || c.Transport() != a {
		t.Error("the connection doesn't tell what it is")
	}
	c.CloseNow()
}

// TestAnswer: what is written from the first moment on arrives behind the answer to
// the handshake.
func TestAnswer(t *testing.T) {
	t.Parallel()
	const answer = "HTTP/1.1 101 Switching Protocols\r\n\r\n"
	for name, test := range map[string]struct {
		opened func(c *websocket.Conn) error
		want   string // behind the answer
	}{
		"nothing":   {func(c *websocket.Conn) error { return nil }, ""},
		"Post":      {func(c *websocket.Conn) error { return c.Post(websocket.NewPrepared(websocket.Text, []byte("a"))) }, "\x81\x01a"},
		"Write":     {func(c *websocket.Conn) error { return c.Write(ctx, websocket.Text, []byte("b")) }, "\x81\x01b"},
		"the close": {func(c *websocket.Conn) error { return c.CloseWrite(frame.CodeGoingAway, "") }, "\x88\x02\x03\xe9"},
	} {
		for _, wrap := range []func(net.Conn) net.Conn{
			func(nc net.Conn) net.Conn { return nc },
			func(nc net.Conn) net.Conn { return wrapped{nc} },
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				a, b := netPair(t)
				opened := func(c *websocket.Conn) {
					if err := test.opened(c); err != nil {
						t.Error(err)
					}
				}
				go func() {
					c := websocket.NewConn(wrap(a), websocket.Setup{Role: frame.Server, Opened: opened, Answer: []byte(answer)}, websocket.Config{})
					c.Write(ctx, websocket.Binary, nil)
				}()
				want := answer + test.want
				if name != "the close" {
					want += "\x82\x00"
				}
				got := make([]byte, len(want))
				if _, err := io.ReadFull(b, got); err != nil || string(got) != want {
					t.Errorf("%q, %v", got, err)
				}
			})
		}
	}
	t.Run("not taken", func(t *testing.T) {
		t.Parallel()
		a, _ := netPair(t)
		ended := false
		c := websocket.NewConn(idleWriter{a}, websocket.Setup{Answer: []byte(answer), Ended: func(*websocket.Conn) { ended = true }}, websocket.Config{})
		if err := closeError(t, c.Err()); !errors.Is(err, io.ErrShortWrite) || !ended {
			t.Error(err, ended)
		}
	})
}

// TestParentContext: the context that a connection is made with ends it.
func TestParentContext(t *testing.T) {
	t.Parallel()
	a, _ := netPair(t)
	parent, cancel := context.WithCancel(context.WithValue(ctx, "key", "value"))
	c := websocket.NewConn(a, websocket.Setup{Context: parent}, websocket.Config{})
	if c.Context().Value("key") != "value" || c.Err() != nil {
		t.Error(c.Context(), c.Err())
	}
	cancel()
	_, _, err := c.Read(ctx)
	closeError(t, err)
	<-c.Done()
	if !errors.Is(c.Err(), context.Canceled) {
		t.Error(c.Err())
	}
}

func TestAllocs(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes pools forget")
	}
	c, s := tcpPair(t, websocket.Config{}, websocket.Config{})
	done := goEcho(s)
	msg := []byte(text(125))
	own, cancel := context.WithCancel(ctx)
	defer cancel()
	n := testing.AllocsPerRun(2000, func() {
		if err := c.Write(own, websocket.Text, msg); err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.Read(own); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations per echoed message", n)
	}
	c.Close(frame.CodeNormal, "")
	<-done
}
