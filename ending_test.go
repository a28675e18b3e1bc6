package websocket_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket"
	"hawser/websocket/frame"
)

// wrappedPair returns two Conns that are joined in memory, on transports of the given
// kinds.
func wrappedPair(client, server string, cfg websocket.Config) (c, s *websocket.Conn) {
	a, b := websocket.NewPipe()
	c = websocket.NewConn(wrappings[client](a), websocket.Setup{Role: frame.Client}, cfg)
	s = websocket.NewConn(wrappings[server](b), websocket.Setup{Role: frame.Server}, cfg)
	return c, s
}

// TestEndTakesNoTimeout: whatever the transports can do, a closing handshake takes as
// long as the messages that it consists of, whoever begins it, and both transports are
// closed after.
func TestEndTakesNoTimeout(t *testing.T) {
	t.Parallel()
	closers := map[string]func(c, s *websocket.Conn) error{
		"client closes": func(c, s *websocket.Conn) error { goEcho(s); return c.Close(1000, "") },
		"server closes": func(c, s *websocket.Conn) error { goEcho(c); return s.Close(1000, "") },
		"both close": func(c, s *websocket.Conn) error {
			other := make(chan error)
			go func() { other <- s.Close(1000, "") }()
			return errors.Join(c.Close(1000, ""), <-other)
		},
		"client closes to write": func(c, s *websocket.Conn) error { goEcho(s); c.CloseWrite(1000, ""); echo(c); return nil },
		"server closes to write": func(c, s *websocket.Conn) error { goEcho(c); s.CloseWrite(1000, ""); echo(s); return nil },
	}
	for client := range wrappings {
		for server := range wrappings {
			for name, end := range closers {
				t.Run(fmt.Sprintf("client %s/server %s/%s", client, server, name), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						c, s := wrappedPair(client, server, websocket.Config{})
						start := time.Now()
						if err := end(c, s); err != nil {
							t.Error(err)
						}
						<-c.Done()
						<-s.Done()
						synctest.Wait()
						for _, conn := range []*websocket.Conn{c, s} {
							if _, err := conn.Transport().Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
								t.Errorf("the %v's transport is open: %v", conn.Role(), err)
							}
						}
						if d := time.Since(start); d != 0 {
							t.Errorf("it took %v", d)
						}
					})
				})
			}
		}
	}
}

// TestEndIsToldAtOnce: a peer that closes and then keeps its stream open, or doesn't
// even read, holds up nobody. The transport is closed after the close timeout.
func TestEndIsToldAtOnce(t *testing.T) {
	t.Parallel()
	ways := map[string]func(c *websocket.Conn) error{
		"Read":     func(c *websocket.Conn) error { _, _, err := c.Read(ctx); return err },
		"Reader":   func(c *websocket.Conn) error { _, _, err := c.Reader(ctx); return err },
		"Messages": func(c *websocket.Conn) error { return echo(c) },
		"Close": func(c *websocket.Conn) error {
			if err := c.Close(1000, ""); err != nil {
				return err
			}
			return c.Err()
		},
	}
	for wrapping, wrap := range wrappings {
		for _, role := range []frame.Role{frame.Client, frame.Server} {
			for name, way := range ways {
				t.Run(fmt.Sprintf("%s/%v/%s", wrapping, role, name), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						a, b := websocket.NewPipe()
						ended := make(chan bool, 1)
						c := websocket.NewConn(wrap(a), websocket.Setup{Role: role, Ended: func(*websocket.Conn) { ended <- true }}, websocket.Config{CloseTimeout: 7 * time.Second})
						p := &peer{t: t, role: role}
						b.Write(p.bytes(cls, status(1000, "")))
						start := time.Now()
						closeError(t, way(c))
						<-c.Done()
						<-c.Context().Done()
						<-ended
						if d := time.Since(start); d != 0 {
							t.Errorf("it was told after %v", d)
						}
						wire, err := io.ReadAll(b)
						if o := observe(t, role, nil, wire); err != nil || !o.closed {
							t.Errorf("the peer got %q, %v", wire, err)
						}
						d := time.Since(start)
						if atOnce := role == frame.Server; atOnce && d != 0 || !atOnce && d != 7*time.Second {
							t.Errorf("the stream ended after %v", d)
						}
						time.Sleep(8 * time.Second)
						if _, err := b.Write([]byte("x")); err == nil {
							t.Error("the transport is open")
						}
					})
				})
			}
		}
	}
}

// TestEndWhileBlocked: the end is told though the peer doesn't take what was accepted
// before, which still goes out when it does.
func TestEndWhileBlocked(t *testing.T) {
	t.Parallel()
	for _, now := range []bool{false, true} {
		t.Run(fmt.Sprintf("CloseNow=%v", now), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a, b := websocket.NewPipe()
				c := websocket.NewConn(a, websocket.Setup{}, websocket.Config{})
				if err := c.Post(websocket.NewPrepared(websocket.Binary, make([]byte, 300_000))); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				p := &peer{t: t}
				b.Write(p.bytes(cls, status(1000, "")))
				start := time.Now()
				_, _, err := c.Read(ctx)
				if d := time.Since(start); websocket.CloseCode(err) != 1000 || d > 100*time.Millisecond {
					t.Errorf("%v after %v", err, d)
				}
				if now { // as a handler does when it returns
					c.CloseNow()
					<-c.Done()
				} else {
					select {
					case <-c.Done():
						t.Error("it's over before the Close frame is there")
					default:
					}
				}
				time.Sleep(time.Second)
				wire, err := io.ReadAll(b)
				if o := observe(t, frame.Server, nil, wire); err != nil || !o.closed || len(o.messages) != 1 {
					t.Errorf("%d bytes, closed %v, %v", len(wire), o.closed, err)
				}
				b.Close()
				<-c.Done()
			})
		})
	}
}

// TestEndOfTransport: in which order a Conn ends its stream, and closes it once.
func TestEndOfTransport(t *testing.T) {
	t.Parallel()
	breach := more(ping)
	tests := []struct {
		name   string
		role   frame.Role
		frame  frame.Header
		status string
		close  bool // this side closes first
		want   []string
	}{
		{"server, peer closes", frame.Server, cls, status(1000, ""), false, []string{"end", "close"}},
		{"server, closes first", frame.Server, cls, status(1000, ""), true, []string{"end", "close"}},
		{"client, peer closes", frame.Client, cls, status(1000, ""), false, []string{"close"}},
		{"client, closes first", frame.Client, cls, status(1000, ""), true, []string{"close"}},
		{"server, breach", frame.Server, breach, "", false, []string{"end", "close"}},
		{"client, breach", frame.Client, breach, "", false, []string{"end", "close"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a, b := websocket.NewPipe()
				tr := &recorded{Transport: a}
				c := websocket.NewConn(tr, websocket.Setup{Role: tt.role}, websocket.Config{})
				if tt.close {
					c.CloseWrite(1000, "")
				}
				b.Write((&peer{t: t, role: tt.role}).bytes(tt.frame, tt.status))
				_, _, err := c.Read(ctx)
				closeError(t, err)
				synctest.Wait()
				calls := tr.take()
				if tt.want[0] == "end" && !strings.Contains(strings.Join(calls, ","), "end") {
					t.Errorf("before the peer's end: %q", calls)
				}
				b.(interface{ CloseWrite() error }).CloseWrite()
				synctest.Wait()
				c.CloseNow()
				var got []string
				for _, call := range append(calls, tr.take()...) {
					if !strings.Contains(call, "deadline") {
						got = append(got, call)
					}
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

// TestClosingMemory: connections whose peers have sent a Close frame and then nothing
// hold less than 1 KB each, beyond what they held while they were open.
func TestClosingMemory(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector needs memory of its own")
	}
	memory := func() int64 {
		var m runtime.MemStats
		runtime.GC() // twice, as pools forget only then
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc + m.StackInuse)
	}
	for name, n := range map[string]int{"memory": 10_000, "tcp": 500, "tls": 200} {
		t.Run(name, func(t *testing.T) {
			cfg := websocket.Config{CloseTimeout: time.Hour}
			far := make([]io.Writer, n)
			conns := make([]*websocket.Conn, n)
			told := make(chan bool, n)
			for i := range n {
				switch name {
				case "memory":
					a, b := websocket.NewPipe()
					conns[i], far[i] = websocket.NewConn(a, websocket.Setup{}, cfg), b
				case "tcp":
					c, p := withPeer(t, frame.Server, false, cfg)
					conns[i], far[i] = c, p
				case "tls":
					c, s := tlsPair(t, cfg, cfg)
					conns[i], far[i] = s, c.Transport()
				}
				go func() {
					conns[i].Read(ctx)
					told <- true
				}()
			}
			before := memory()
			closeFrame := (&peer{}).bytes(cls, status(1000, ""))
			for _, w := range far {
				w.Write(closeFrame)
			}
			for range n {
				<-told
			}
			per := (memory() - before) / int64(n)
			for range 10 {
				if per < 1000 {
					break
				}
				per = (memory() - before) / int64(n) // not all may have come to rest yet
			}
			t.Logf("%d bytes for each connection that is closing", per)
			if per >= 1000 {
				t.Errorf("a connection that is closing holds %d bytes more", per)
			}
			for _, c := range conns {
				c.CloseNow()
			}
		})
	}
}

// TestAcceptedGoesOutFirst: what Post has accepted while another message was under
// way goes out before the Close frame, whoever closes.
func TestAcceptedGoesOutFirst(t *testing.T) {
	t.Parallel()
	long := strings.Repeat(text(100_000), 10)
	random := make([]byte, 1_000_000) // hardly compressible
	for i := range random {
		random[i] = byte(i * i >> 7 * 31)
	}
	under := map[string]func(c *websocket.Conn, begun chan<- bool){
		"a compressed Write": func(c *websocket.Conn, begun chan<- bool) {
			close(begun)
			c.Write(ctx, websocket.Binary, random)
		},
		"an uncompressed Write": func(c *websocket.Conn, begun chan<- bool) {
			close(begun)
			c.Write(ctx, websocket.Text|websocket.Uncompressed, []byte(long))
		},
		"a Writer": func(c *websocket.Conn, begun chan<- bool) {
			w, _ := c.Writer(ctx, websocket.Text)
			io.WriteString(w, long)
			close(begun)
			time.Sleep(time.Second)
			io.WriteString(w, "the end")
			if err := w.Close(); err != nil {
				panic(err)
			}
		},
		"a Send": func(c *websocket.Conn, begun chan<- bool) {
			close(begun)
			c.Send(ctx, websocket.NewPrepared(websocket.Text, []byte(long)))
		},
	}
	ends := map[string]func(c *websocket.Conn, b io.Writer){
		"Close":      func(c *websocket.Conn, b io.Writer) { go c.Close(1000, "") },
		"CloseWrite": func(c *websocket.Conn, b io.Writer) { c.CloseWrite(1000, ""); go c.Read(ctx) },
		"the peer":   func(c *websocket.Conn, b io.Writer) { b.Write((&peer{}).bytes(cls, status(1000, ""))); go c.Read(ctx) },
		"a breach":   func(c *websocket.Conn, b io.Writer) { b.Write((&peer{}).bytes(more(ping), "")); go c.Read(ctx) },
	}
	for name, writing := range under {
		for how, end := range ends {
			t.Run(name+"/"+how, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					a, b := websocket.NewPipe()
					k := &websocket.Compression{Send: websocket.Window{NoTakeover: true}}
					c := websocket.NewConn(a, websocket.Setup{Deflate: &noTakeover}, websocket.Config{Compression: k})
					begun := make(chan bool)
					go writing(c, begun)
					<-begun
					synctest.Wait()
					if err := c.Post(websocket.NewPrepared(websocket.Text, []byte("posted"))); err != nil {
						t.Fatal(err)
					}
					end(c, b)
					synctest.Wait()
					wire, err := io.ReadAll(b)
					if err != nil {
						t.Error(err)
					}
					b.Close()
					<-c.Done()
					o := observe(t, frame.Server, &noTakeover, wire)
					if n := len(o.messages); n == 0 || o.messages[n-1] != "posted" || !o.closed {
						t.Errorf("%d messages, closed %v", n, o.closed)
					}
				})
			})
		}
	}
}

// TestUnfinishedWriterAtTheEnd: a Writer that is never closed holds up what was posted
// behind it, but not for longer than the close timeout.
func TestUnfinishedWriterAtTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s := websocket.Pipe(websocket.Config{CloseTimeout: 3 * time.Second}, websocket.Config{})
		go s.Read(ctx)
		w, err := c.Writer(ctx, websocket.Text)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, text(10_000))
		if err := c.Post(websocket.NewPrepared(websocket.Text, nil)); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if err := c.Close(1000, ""); !errors.Is(err, websocket.ErrCloseTimeout) {
			t.Error(err)
		}
		if d := time.Since(start); d != 3*time.Second {
			t.Error("after", d)
		}
		closeError(t, w.Close())
		<-s.Done()
	})
}

// closingWriter closes the connection at the first write.
type closingWriter struct {
	c    *websocket.Conn
	err  error
	took time.Duration
}

func (w *closingWriter) Write(p []byte) (int, error) {
	start := time.Now()
	kept := string(p)
	w.err = w.c.Close(1000, "enough")
	w.took = time.Since(start)
	if string(p) != kept {
		w.err = errors.New("the bytes have changed")
	}
	return len(p), nil
}

// TestCloseWithinWriteTo: the writer that a message is copied to may close the
// connection.
func TestCloseWithinWriteTo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s := websocket.Pipe(large, large)
		go func() {
			for range 3 {
				if c.Write(ctx, websocket.Text, []byte(text(100_000))) != nil {
					return
				}
			}
		}()
		go c.Read(ctx)
		_, r, err := s.Reader(ctx)
		if err != nil {
			t.Fatal(err)
		}
		w := &closingWriter{c: s}
		_, err = io.Copy(w, r)
		closeError(t, err)
		if w.err != nil || w.took != 0 {
			t.Errorf("Close returned %v after %v", w.err, w.took)
		}
		<-c.Done()
	})
}

// A relay hands on how one connection ended to the other. Codes that only report what
// happened can't be sent: a peer that went away without a Close frame becomes 1014.
func ExampleConn_Close() {
	relay := func(from, to *websocket.Conn) {
		ctx := context.Background()
		for {
			t, p, err := from.Read(ctx)
			if err != nil {
				break
			}
			if to.Write(ctx, t, p) != nil {
				break
			}
		}
		var e *websocket.CloseError
		switch errors.As(from.Err(), &e); {
		case e == nil: // to has ended first
			from.CloseNow()
		case e.Code == websocket.CodeNone || e.Code.Sendable():
			to.Close(e.Code, e.Reason)
		default:
			to.Close(websocket.CodeBadGateway, "")
		}
	}
	for _, end := range []func(*websocket.Conn){
		func(c *websocket.Conn) { c.Close(4000, "had enough") },
		func(c *websocket.Conn) { c.CloseNow() },
	} {
		client, a := websocket.Pipe(websocket.Config{}, websocket.Config{})
		b, server := websocket.Pipe(websocket.Config{}, websocket.Config{})
		go relay(a, b)
		go end(client)
		_, _, err := server.Read(context.Background())
		fmt.Println(err)
	}
	// Output:
	// websocket: closed by the peer with 4000 "had enough"
	// websocket: closed by the peer with 1014 (bad gateway)
}

// TestCloseAnswer: the answer to a Close frame has its code and its reason.
func TestCloseAnswer(t *testing.T) {
	t.Parallel()
	for _, payload := range []string{"", status(1000, ""), status(1001, "bye €"), status(4999, text(frame.MaxReason))} {
		c, p := withPeer(t, frame.Server, false, websocket.Config{})
		p.send(cls, payload)
		go c.Read(ctx)
		if h, got, err := p.next(); h.Opcode != frame.Close || got != payload || err != nil {
			t.Errorf("%q is answered with %v %q, %v", payload, h.Opcode, got, err)
		}
	}
}
