package websocket_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
)

// TestNetConnType: a message of the other type is an error at once, whatever the peer
// does then.
func TestNetConnType(t *testing.T) {
	t.Parallel()
	tests := []struct {
		stream, message websocket.MessageType
		want            string
	}{
		{websocket.Binary, websocket.Text, "a text message in a stream of binary messages"},
		{websocket.Binary | websocket.Uncompressed, websocket.Text, "a text message in a stream of binary messages"},
		{websocket.Text, websocket.Binary, "a binary message in a stream of text messages"},
		{websocket.Text | websocket.Uncompressed, websocket.Binary, "a binary message in a stream of text messages"},
	}
	for _, tt := range tests {
		t.Run(tt.want, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, far := silent(frame.Client, websocket.Config{})
				n := websocket.NetConn(c, tt.stream)
				start := time.Now()
				code := make(chan frame.Code)
				go func() {
					far.Write(frame.Append(nil, frame.Header{Fin: true, Opcode: frame.Opcode(tt.message)}, []byte("x")))
					rd := frame.NewReader(far, frame.Rules{Role: frame.Server}, 0)
					rd.Next()
					p, _ := rd.Payload()
					got, _, _ := frame.ParseClose(p)
					code <- got
				}()
				for range 2 {
					_, err := n.Read(make([]byte, 10))
					var breach *frame.Error
					if !errors.As(err, &breach) || breach.Code != frame.CodeUnsupportedData || !strings.Contains(err.Error(), tt.want) {
						t.Errorf("%v, not %q", err, tt.want)
					}
					closeError(t, err)
				}
				if got := <-code; got != frame.CodeUnsupportedData {
					t.Error(got)
				}
				if _, err := n.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
					t.Error(err)
				}
				if d := time.Since(start); d != 0 {
					t.Error("it took", d)
				}
				<-c.Done()
				far.Close()
			})
		})
	}
}

// TestNetConnClose: it ends what waits at once, doesn't wait for a peer that says
// nothing, and sends what was written.
func TestNetConnClose(t *testing.T) {
	t.Parallel()
	t.Run("ends_what_waits", func(t *testing.T) {
		t.Parallel()
		for _, size := range []int{1000, 1 << 20} {
			synctest.Test(t, func(t *testing.T) {
				c, s, a, _ := streams(websocket.Config{}, websocket.Config{})
				ended := make(chan error)
				for range 3 {
					go func() { _, err := a.Read(make([]byte, 1)); ended <- err }()
					go func() { ended <- stuck(a, size) }()
				}
				synctest.Wait()
				start := time.Now()
				closed := make(chan error)
				go func() { closed <- a.Close() }()
				for range 6 {
					if err := <-ended; err != net.ErrClosed {
						t.Error(err)
					}
				}
				if d := time.Since(start); d != 0 {
					t.Error("calls were ended after", d)
				}
				err := <-closed // nobody takes what was written
				closeError(t, err)
				if d := time.Since(start); !errors.Is(err, websocket.ErrCloseTimeout) || d != websocket.DefaultCloseTimeout {
					t.Error(err, d)
				}
				<-c.Done()
				s.CloseNow()
			})
		}
	})
	t.Run("peer_takes_but_says_nothing", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c, far := silent(frame.Server, websocket.Config{})
			go io.Copy(io.Discard, far)
			n := websocket.NetConn(c, websocket.Binary)
			ended := make(chan error)
			go func() { _, err := n.Read(make([]byte, 1)); ended <- err }()
			synctest.Wait()
			start := time.Now()
			for range 2 {
				if err := n.Close(); err != nil {
					t.Error(err)
				}
			}
			if err := <-ended; err != net.ErrClosed {
				t.Error(err)
			}
			if d := time.Since(start); d != 0 {
				t.Error(d)
			}
			for _, call := range []func([]byte) (int, error){n.Read, n.Write} {
				if _, err := call(make([]byte, 1)); err != net.ErrClosed {
					t.Error(err)
				}
			}
			if err := n.SetDeadline(time.Now()); !errors.Is(err, net.ErrClosed) {
				t.Error(err)
			}
			<-c.Done()
			if d := time.Since(start); d > websocket.DefaultCloseTimeout {
				t.Error("the connection lasted", d)
			}
			far.Close()
		})
	})
	t.Run("what_was_written_arrives", func(t *testing.T) {
		t.Parallel()
		forPairs(t, websocket.Config{}, func(t *testing.T, c, s *websocket.Conn) {
			a, b := websocket.NetConn(c, websocket.Binary), websocket.NetConn(s, websocket.Binary)
			go func() {
				for range 100 {
					a.Write(make([]byte, 10_000))
				}
				if err := a.Close(); err != nil {
					t.Error(err)
				}
			}()
			if got, err := io.ReadAll(b); len(got) != 1_000_000 || err != nil {
				t.Error(len(got), err)
			}
			<-c.Done()
			<-s.Done()
		})
	})
}

// TestNetConnEnds: which ends of a connection are the end of the stream.
func TestNetConnEnds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		end  func(c *websocket.Conn)
		eof  bool
	}{
		{"1000", func(c *websocket.Conn) { c.Close(frame.CodeNormal, "bye") }, true},
		{"1001", func(c *websocket.Conn) { c.Close(frame.CodeGoingAway, "") }, true},
		{"no_code", func(c *websocket.Conn) { c.Close(frame.CodeNone, "") }, true},
		{"4000", func(c *websocket.Conn) { c.Close(4000, "") }, false},
		{"1011", func(c *websocket.Conn) { c.Close(frame.CodeInternalError, "") }, false},
		{"cut_off", func(c *websocket.Conn) { c.CloseNow() }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			forPairs(t, websocket.Config{}, func(t *testing.T, c, s *websocket.Conn) {
				n := websocket.NetConn(s, websocket.Binary)
				c.Write(ctx, websocket.Binary, []byte("all"))
				go tt.end(c)
				got := make([]byte, 3)
				if _, err := io.ReadFull(n, got); string(got) != "all" || err != nil {
					t.Errorf("%q, %v", got, err)
				}
				for range 3 {
					_, err := n.Read(got)
					if tt.eof && err != io.EOF {
						t.Error(err)
					} else if !tt.eof {
						closeError(t, err)
					}
				}
				<-s.Done()
				if _, err := n.Write(got); !errors.Is(err, net.ErrClosed) || err == io.EOF {
					t.Error(err)
				}
				n.Close()
			})
		})
	}
}

// TestNetConnHalfClose: who has nothing more to send may still have much to read.
func TestNetConnHalfClose(t *testing.T) {
	t.Parallel()
	closeWrite := func(t *testing.T, n net.Conn) {
		t.Helper()
		if err := n.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
			t.Error(err)
		}
	}
	for name, end := range map[string]func(t *testing.T, n net.Conn){
		"then_Close":      func(t *testing.T, n net.Conn) { n.Close() },
		"then_CloseWrite": closeWrite,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, cfg := range []websocket.Config{{}, {PingInterval: time.Second, PingTimeout: time.Second}} {
				for _, swap := range []bool{false, true} {
					synctest.Test(t, func(t *testing.T) {
						c, s, a, b := streams(cfg, cfg)
						if swap {
							c, s, a, b = s, c, b, a
						}
						go func() {
							request, err := io.ReadAll(b)
							if string(request) != "request" || err != nil {
								t.Errorf("%q, %v", request, err)
							}
							for range 10 {
								time.Sleep(time.Hour) // to think of the answer
								fmt.Fprint(b, "answer ")
							}
							if n, err := b.Read(make([]byte, 1)); n != 0 || err != io.EOF {
								t.Error(n, err)
							}
							end(t, b)
						}()
						fmt.Fprint(a, "request")
						closeWrite(t, a)
						if _, err := a.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
							t.Error(err)
						}
						answer, err := io.ReadAll(a)
						if string(answer) != strings.Repeat("answer ", 10) || err != nil {
							t.Errorf("%q, %v", answer, err)
						}
						start := time.Now()
						<-c.Done()
						<-s.Done()
						if d := time.Since(start); d > websocket.DefaultCloseTimeout {
							t.Error("it was over after", d)
						}
						if e := closeError(t, c.Err()); e.Err != nil || !e.Local || e.Code != 1000 {
							t.Error(e)
						}
						if e := closeError(t, s.Err()); e.Err != nil || e.Local || e.Code != 1000 {
							t.Error(e)
						}
						a.Close()
						b.Close()
					})
				}
			}
		})
	}
	t.Run("both_at_once", func(t *testing.T) {
		t.Parallel()
		forPairs(t, websocket.Config{}, func(t *testing.T, c, s *websocket.Conn) {
			a, b := websocket.NetConn(c, websocket.Binary), websocket.NetConn(s, websocket.Binary)
			var wg sync.WaitGroup
			for _, n := range []net.Conn{a, b} {
				go func() {
					fmt.Fprint(n, "all")
					closeWrite(t, n)
				}()
			}
			for _, n := range []net.Conn{a, b} {
				wg.Go(func() {
					if got, err := io.ReadAll(n); string(got) != "all" || err != nil {
						t.Errorf("%q, %v", got, err)
					}
				})
			}
			wg.Wait()
			<-c.Done()
			<-s.Done()
		})
	})
	t.Run("peer_that_is_a_Conn", func(t *testing.T) {
		t.Parallel()
		forPairs(t, websocket.Config{}, func(t *testing.T, c, s *websocket.Conn) {
			n := websocket.NetConn(c, websocket.Binary)
			fmt.Fprint(n, "request")
			if _, p, err := s.Read(ctx); string(p) != "request" || err != nil {
				t.Errorf("%q, %v", p, err)
			}
			s.Write(ctx, websocket.Binary, []byte("answer"))
			closeWrite(t, n)
			go s.Read(ctx)
			if got, err := io.ReadAll(n); string(got) != "answer" || err != nil {
				t.Errorf("%q, %v", got, err)
			}
		})
	})
	t.Run("server_shuts_down", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c, s, a, b := streams(websocket.Config{}, websocket.Config{})
			closeWrite(t, a)
			if _, err := b.Read(make([]byte, 1)); err != io.EOF {
				t.Error(err)
			}
			go io.ReadAll(a)
			start := time.Now()
			if err := s.Close(frame.CodeGoingAway, ""); err != nil || time.Since(start) != 0 {
				t.Error(err, time.Since(start))
			}
			<-c.Done()
		})
	})
	t.Run("deadline_while_half_closed", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			_, s, a, b := streams(websocket.Config{}, websocket.Config{})
			closeWrite(t, a)
			a.SetReadDeadline(time.Now().Add(time.Hour))
			_, err := a.Read(make([]byte, 1))
			timedOut(t, err)
			start := time.Now()
			if err := a.Close(); err != nil || time.Since(start) != 0 {
				t.Error(err, time.Since(start))
			}
			b.Close()
			<-s.Done()
		})
	})
}
