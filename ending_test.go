package websocket_test

import (
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

// TestEndWhileBlockedForEver: of a peer that closes and then takes nothing of what was
// accepted for it, the transport is closed when the close timeout is over.
func TestEndWhileBlockedForEver(t *testing.T) {
	t.Parallel()
	for _, role := range []frame.Role{frame.Client, frame.Server} {
		for _, writeTimeout := range []time.Duration{0, -1} {
			synctest.Test(t, func(t *testing.T) {
				a, b := websocket.NewPipe()
				c := websocket.NewConn(a, websocket.Setup{Role: role}, websocket.Config{CloseTimeout: 7 * time.Second, WriteTimeout: writeTimeout})
				if err := c.Post(websocket.NewPrepared(websocket.Binary, make([]byte, 300_000))); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				p := &peer{t: t, role: role}
				b.Write(p.bytes(cls, status(1000, "")))
				start := time.Now()
				if _, _, err := c.Read(ctx); websocket.CloseCode(err) != 1000 {
					t.Error(err)
				}
				<-c.Done()
				synctest.Wait()
				if _, err := b.Write([]byte("x")); err == nil {
					t.Errorf("%v: the transport is open after %v", role, time.Since(start))
				}
				if d := time.Since(start).Truncate(time.Second); d != 7*time.Second {
					t.Errorf("%v: it took %v", role, d)
				}
			})
		}
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

// TestDrainBound: who closes reads only so much of a peer that sends without end, and
// what comes after the peer's own Close frame is read to no purpose but this.
func TestDrainBound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := &endless{p: (&peer{}).bytes(bin, text(60_000))}
		c := websocket.NewConn(e, websocket.Setup{}, large)
		if err := c.Close(1000, ""); !errors.Is(err, websocket.ErrCloseTimeout) {
			t.Error(err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		e := &endlessAfter{endless: endless{p: []byte(text(1000))}, first: (&peer{}).bytes(cls, "")}
		c := websocket.NewConn(e, websocket.Setup{}, large)
		_, _, err := c.Read(ctx)
		if websocket.CloseCode(err) != websocket.CodeNone {
			t.Error(err)
		}
		synctest.Wait() // without the clock: it's bytes that are bound
		if !e.closed.Load() {
			t.Error("it's read for ever")
		}
	})
}
