package websocket_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket"
	"hawser/websocket/frame"
)

func TestNetConn(t *testing.T) {
	t.Parallel()
	forPairs(t, large, func(t *testing.T, c, s *websocket.Conn) {
		a, b := websocket.NetConn(c, websocket.Binary), websocket.NetConn(s, websocket.Binary)
		go func() {
			for _, part := range []string{"Hel", "", "lo, ", "world"} {
				if _, err := io.WriteString(a, part); err != nil {
					t.Error(err)
				}
			}
			if err := a.Close(); err != nil {
				t.Error(err)
			}
		}()
		got, err := io.ReadAll(b)
		if string(got) != "Hello, world" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		if a.LocalAddr() == nil || b.RemoteAddr().Network() == "" || b.RemoteAddr().String() == "" {
			t.Error("no addresses")
		}
		<-c.Done()
		if _, err := a.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
}

// streams returns the two ends of a stream in memory.
func streams(client, server websocket.Config) (c, s *websocket.Conn, a, b net.Conn) {
	c, s = websocket.Pipe(client, server)
	return c, s, websocket.NetConn(c, websocket.Binary), websocket.NetConn(s, websocket.Binary)
}

// stuck writes to n until it fails, with a write of the given size.
func stuck(n net.Conn, size int) error {
	p := make([]byte, size)
	for {
		if _, err := n.Write(p); err != nil {
			return err
		}
	}
}

// timedOut fails unless err is what a deadline of a net.Conn makes of a call.
func timedOut(t *testing.T, err error) {
	t.Helper()
	if n, ok := err.(net.Error); !ok || !n.Timeout() || !errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, net.ErrClosed) {
		t.Errorf("%v, not a timeout", err)
	}
}

// TestNetConnDeadlineReachesCalls: a call that waits is ended by the deadline as it is
// then, not as it was when the call began.
func TestNetConnDeadlineReachesCalls(t *testing.T) {
	t.Parallel()
	in := func(s int) time.Time { return time.Now().Add(time.Duration(s) * time.Second) }
	tests := []struct {
		name   string
		before func(set func(time.Time) error)
		during func(set func(time.Time) error) // a second after the call
		want   time.Duration                   // of the call
	}{
		{"set_before", func(set func(time.Time) error) { set(in(3)) }, nil, 3 * time.Second},
		{"past_before", func(set func(time.Time) error) { set(in(-3)) }, nil, 0},
		{"now_before", func(set func(time.Time) error) { set(time.Now()) }, nil, 0},
		{"set_while_waiting", nil, func(set func(time.Time) error) { set(in(3)) }, 4 * time.Second},
		{"past_while_waiting", nil, func(set func(time.Time) error) { set(time.Unix(1, 0)) }, time.Second},
		{"extended_while_waiting", func(set func(time.Time) error) { set(in(3)) },
			func(set func(time.Time) error) { set(in(9)) }, 10 * time.Second},
		{"shortened_while_waiting", func(set func(time.Time) error) { set(in(60)) },
			func(set func(time.Time) error) { set(in(1)) }, 2 * time.Second},
		{"cleared_and_set_while_waiting", func(set func(time.Time) error) { set(in(3)) },
			func(set func(time.Time) error) {
				set(time.Time{})
				time.Sleep(time.Minute)
				set(in(1))
			}, 62 * time.Second},
		{"set_anew_all_the_time", func(set func(time.Time) error) { set(in(3)) },
			func(set func(time.Time) error) {
				for range 100 {
					set(in(2))
					time.Sleep(time.Second)
				}
			}, 102 * time.Second},
		{"passed_and_renewed_before", func(set func(time.Time) error) { set(in(-1)); set(in(5)) }, nil, 5 * time.Second},
	}
	calls := []struct {
		name string
		set  func(net.Conn) func(time.Time) error
		call func(net.Conn) error
	}{
		{"Read", func(n net.Conn) func(time.Time) error { return n.SetReadDeadline },
			func(n net.Conn) error { _, err := n.Read(make([]byte, 10)); return err }},
		{"Read_of_SetDeadline", func(n net.Conn) func(time.Time) error { return n.SetDeadline },
			func(n net.Conn) error { _, err := n.Read(make([]byte, 10)); return err }},
		{"Write", func(n net.Conn) func(time.Time) error { return n.SetWriteDeadline },
			func(n net.Conn) error { return stuck(n, 1000) }},
		{"Write_of_SetDeadline", func(n net.Conn) func(time.Time) error { return n.SetDeadline },
			func(n net.Conn) error { return stuck(n, 32<<10) }},
		{"long_Write", func(n net.Conn) func(time.Time) error { return n.SetWriteDeadline },
			func(n net.Conn) error { return stuck(n, 1<<20) }},
	}
	cfg := websocket.Config{WriteTimeout: -1, PingInterval: -1}
	for _, tt := range tests {
		for _, call := range calls {
			t.Run(call.name+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					c, s, a, _ := streams(cfg, cfg)
					defer s.CloseNow()
					defer c.CloseNow()
					set := call.set(a)
					if tt.before != nil {
						tt.before(set)
					}
					if tt.during != nil {
						go func() {
							time.Sleep(time.Second)
							tt.during(set)
						}()
					}
					start := time.Now()
					timedOut(t, call.call(a))
					if d := time.Since(start); d != tt.want {
						t.Errorf("after %v, not %v", d, tt.want)
					}
				})
			})
		}
	}
}

// TestNetConnDeadlineEndsAllCalls: all that wait, not only the one whose turn it is.
func TestNetConnDeadlineEndsAllCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s, a, _ := streams(websocket.Config{}, websocket.Config{})
		defer s.CloseNow()
		defer c.CloseNow()
		ended := make(chan error)
		for range 5 {
			go func() { _, err := a.Read(make([]byte, 1)); ended <- err }()
			go func() { ended <- stuck(a, 1000) }()
		}
		synctest.Wait()
		start := time.Now()
		a.SetDeadline(start.Add(time.Second))
		for range 10 {
			timedOut(t, <-ended)
		}
		if d := time.Since(start); d != time.Second {
			t.Error(d)
		}
		synctest.Wait()
		if err := c.Err(); err != nil {
			t.Error(err)
		}
	})
}

// TestNetConnDeadlinesHoldNothing: setting them while calls wait leaves no goroutines.
func TestNetConnDeadlinesHoldNothing(t *testing.T) {
	c, s := tcpPair(t, websocket.Config{}, websocket.Config{})
	a := websocket.NetConn(c, websocket.Binary)
	ended := make(chan error, 2)
	go func() { _, err := a.Read(make([]byte, 1)); ended <- err }()
	go func() { ended <- stuck(a, 32<<10) }()
	before := runtime.NumGoroutine()
	for i := range 1000 {
		a.SetDeadline(time.Now().Add(time.Hour))
		a.SetWriteDeadline(time.Time{})
		a.SetWriteDeadline(time.Now().Add(time.Duration(i+1) * time.Hour))
	}
	if n := runtime.NumGoroutine(); n > before+10 {
		t.Errorf("%d goroutines more", n-before)
	}
	a.SetDeadline(time.Now())
	timedOut(t, <-ended)
	timedOut(t, <-ended)
	s.CloseNow()
}

// TestNetConnGoesOnAfterTimeout: what a deadline ended can be tried again, and the
// stream has no byte more or less.
func TestNetConnGoesOnAfterTimeout(t *testing.T) {
	t.Parallel()
	forPairs(t, websocket.Config{}, func(t *testing.T, c, s *websocket.Conn) {
		a, b := websocket.NetConn(c, websocket.Binary), websocket.NetConn(s, websocket.Binary)
		var sent bytes.Buffer
		a.SetWriteDeadline(time.Now().Add(50 * time.Millisecond)) // for as much as will fit
		for i := 0; ; i++ {
			p := bytes.Repeat([]byte{byte(i)}, 10_000)
			n, err := a.Write(p)
			sent.Write(p[:n])
			if err != nil {
				timedOut(t, err)
				break
			}
		}
		a.SetReadDeadline(time.Unix(1, 0))
		_, err := a.Read(make([]byte, 1))
		timedOut(t, err)
		a.SetDeadline(time.Time{})
		go func() {
			fmt.Fprint(a, "the rest")
			a.Close()
		}()
		sent.WriteString("the rest")
		got, err := io.ReadAll(b)
		if err != nil || !bytes.Equal(got, sent.Bytes()) {
			t.Errorf("%d bytes of %d, %v", len(got), sent.Len(), err)
		}
	})
}

// TestNetConnCutWrite: after a Write of which a part was sent, everything says that
// the connection is over, whatever the deadlines are.
func TestNetConnCutWrite(t *testing.T) {
	t.Parallel()
	deadlines := map[string]func(n net.Conn){
		"left":     func(net.Conn) {},
		"cleared":  func(n net.Conn) { n.SetDeadline(time.Time{}) },
		"extended": func(n net.Conn) { n.SetDeadline(time.Now().Add(time.Hour)) },
		"past":     func(n net.Conn) { n.SetDeadline(time.Now().Add(-time.Hour)) },
	}
	for name, then := range deadlines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forPairs(t, websocket.Config{}, func(t *testing.T, c, s *websocket.Conn) {
				a := websocket.NetConn(c, websocket.Binary)
				reading := make(chan error)
				go func() { _, err := a.Read(make([]byte, 1)); reading <- err }()
				go func() {
					websocket.NetConn(s, websocket.Binary).Read(make([]byte, 1)) // a part of it
					a.SetWriteDeadline(time.Now())
				}()
				n, err := a.Write(make([]byte, 64<<20))
				if n == 0 || n == 64<<20 {
					t.Error(n)
				}
				timedOut(t, err)
				then(a)
				over := func(err error) {
					t.Helper()
					var e *websocket.CloseError
					var n net.Error
					if !errors.Is(err, net.ErrClosed) || !errors.As(err, &e) || errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &n) && n.Timeout() {
						t.Error(err)
					}
				}
				if err := <-reading; name != "past" || !errors.Is(err, os.ErrDeadlineExceeded) {
					over(err)
				}
				for range 3 {
					_, err := a.Write([]byte("x"))
					over(err)
					_, err = a.Read(make([]byte, 1))
					over(err)
				}
				<-c.Done()
			})
		})
	}
}

// TestNetConnLongWrites: a stream has no messages, so that no limit of either side is
// one of the stream.
func TestNetConnLongWrites(t *testing.T) {
	t.Parallel()
	compressing := websocket.Config{Compression: &websocket.Compression{}}
	for name, cfg := range map[string]websocket.Config{"": {}, "compressed": compressing, "small_limits": {MaxMessage: 32 << 10, MaxFragments: 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pairs := map[string]func() (c, s *websocket.Conn){
				"tcp":  func() (c, s *websocket.Conn) { return tcpPair(t, cfg, cfg) },
				"tls":  func() (c, s *websocket.Conn) { return tlsPair(t, cfg, cfg) },
				"Pipe": func() (c, s *websocket.Conn) { return websocket.Pipe(cfg, cfg) },
			}
			for name, pair := range pairs {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					c, s := pair()
					want := []byte(text(3 << 20))
					copied := make(chan error, 2)
					for _, c := range []*websocket.Conn{c, s} {
						n := websocket.NetConn(c, websocket.Binary)
						go func() {
							_, err := io.Copy(n, struct{ io.Reader }{bytes.NewReader(want)})
							if err == nil {
								_, err = n.Write(want)
							}
							n.(interface{ CloseWrite() error }).CloseWrite()
							copied <- err
						}()
						go func() {
							got, err := io.ReadAll(n)
							if err == nil && !bytes.Equal(got, append(want, want...)) {
								err = fmt.Errorf("%d bytes, or others", len(got))
							}
							copied <- err
						}()
					}
					for range 4 {
						if err := <-copied; err != nil {
							t.Error(err)
						}
					}
					<-c.Done()
					<-s.Done()
				})
			}
		})
	}
}

// TestNetConnLongMessages: a message of the peer may be as long as it likes.
func TestNetConnLongMessages(t *testing.T) {
	t.Parallel()
	cfg := websocket.Config{Compression: &websocket.Compression{}, MaxMessage: 1000, MaxFragments: 10}
	long := text(3 << 20)
	tests := []struct {
		name string
		send func(c *websocket.Conn) error
	}{
		{"one_frame", func(c *websocket.Conn) error {
			return c.Write(ctx, websocket.Binary|websocket.Uncompressed, []byte(long))
		}},
		{"compressed", func(c *websocket.Conn) error { return c.Write(ctx, websocket.Binary, []byte(long)) }},
		{"many_frames", func(c *websocket.Conn) error {
			w, err := c.Writer(ctx, websocket.Binary|websocket.Uncompressed)
			if err != nil {
				return err
			}
			for part := range strings.SplitSeq(long, "\n") {
				io.WriteString(w, part+"\n")
			}
			return w.Close()
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, s := tcpPair(t, cfg, cfg)
			go func() {
				if err := tt.send(c); err != nil {
					t.Error(err)
				}
				c.Close(frame.CodeNormal, "")
			}()
			got, err := io.ReadAll(websocket.NetConn(s, websocket.Binary))
			if strings.TrimSuffix(string(got), "\n") != strings.TrimSuffix(long, "\n") || err != nil {
				t.Errorf("%d bytes of %d, %v", len(got), len(long), err)
			}
		})
	}
}

// TestNetConnMemory: what a header promises is neither refused nor held.
func TestNetConnMemory(t *testing.T) {
	c, p := withPeer(t, frame.Server, false, websocket.Config{})
	n := websocket.NetConn(c, websocket.Binary)
	p.write(append(frame.Header{Fin: true, Opcode: frame.Binary, Length: 1 << 40, Masked: true}.Append(nil), "all there is"...))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got := make([]byte, 12)
	if _, err := io.ReadFull(n, got); string(got) != "all there is" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 1<<20 {
		t.Error(after.TotalAlloc - before.TotalAlloc)
	}
	n.SetReadDeadline(time.Now())
	_, err := n.Read(got)
	timedOut(t, err)
}

// silent returns a Conn and the far end of its transport, which says nothing.
func silent(role frame.Role, cfg websocket.Config) (*websocket.Conn, net.Conn) {
	near, far := net.Pipe()
	return websocket.NewConn(near, websocket.Setup{Role: role}, cfg), far
}

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

// TestNetConnUncompressed: the flag is about what is sent, and no type by itself.
func TestNetConnUncompressed(t *testing.T) {
	t.Parallel()
	cfg := websocket.Config{Compression: &websocket.Compression{}}
	for _, typ := range []websocket.MessageType{websocket.Text, websocket.Binary} {
		c, s := websocket.Pipe(cfg, cfg)
		a, b := websocket.NetConn(c, typ|websocket.Uncompressed), websocket.NetConn(s, typ|websocket.Uncompressed)
		go func() {
			io.Copy(b, b)
			b.Close()
		}()
		go fmt.Fprint(a, text(100_000))
		got := make([]byte, 100_000)
		if _, err := io.ReadFull(a, got); string(got) != text(100_000) || err != nil {
			t.Error(typ, err)
		}
		a.Close()
		<-c.Done()
	}
}

// TestNetConnText: a stream of text may be cut anywhere, its messages may not.
func TestNetConnText(t *testing.T) {
	t.Parallel()
	want := strings.Repeat("a\u00e9\u20ac\U0001f600", 10_000)
	for _, size := range []int{1, 2, 3, 5, 1000, 32 << 10, len(want)} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			c, s := websocket.Pipe(websocket.Config{}, websocket.Config{})
			go func() {
				n := websocket.NetConn(c, websocket.Text)
				for p := []byte(want); len(p) > 0; {
					k, err := n.Write(p[:min(len(p), size)])
					if err != nil {
						t.Error(err)
						return
					}
					p = p[k:]
				}
				if err := n.Close(); err != nil {
					t.Error(err)
				}
			}()
			got, err := io.ReadAll(websocket.NetConn(s, websocket.Text))
			if string(got) != want || err != nil {
				t.Errorf("%d bytes of %d, %v", len(got), len(want), err)
			}
		})
	}
	t.Run("ends_inside_of_a_character", func(t *testing.T) {
		t.Parallel()
		c, s := websocket.Pipe(websocket.Config{}, websocket.Config{})
		n := websocket.NetConn(c, websocket.Text)
		fmt.Fprint(n, "abc\xe2\x82")
		if err := n.Close(); err == nil {
			t.Error("nothing is said of the bytes that can't be sent")
		}
		if got, err := io.ReadAll(websocket.NetConn(s, websocket.Text)); string(got) != "abc" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	})
}

// TestNetConnNothing: reading or writing no bytes is no message and waits for nobody.
func TestNetConnNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s, a, b := streams(websocket.Config{}, websocket.Config{})
		go b.Read(make([]byte, 1)) // holds the turn
		synctest.Wait()
		for _, call := range []func([]byte) (int, error){a.Write, b.Read} {
			if n, err := call(nil); n != 0 || err != nil {
				t.Error(n, err)
			}
		}
		a.SetWriteDeadline(time.Unix(1, 0))
		_, err := a.Write(nil)
		timedOut(t, err)
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		<-s.Done()
		if _, err := a.Read(nil); err != net.ErrClosed {
			t.Error(err)
		}
		<-c.Done()
	})
}

// TestNetConnWritesDoNotMix, however long they are and however many.
func TestNetConnWritesDoNotMix(t *testing.T) {
	t.Parallel()
	forPairs(t, websocket.Config{}, func(t *testing.T, c, s *websocket.Conn) {
		const size, writers = 200_000, 4
		a, b := websocket.NetConn(c, websocket.Binary), websocket.NetConn(s, websocket.Binary)
		var wg sync.WaitGroup
		for i := range writers {
			wg.Go(func() {
				for range 3 {
					if n, err := a.Write(bytes.Repeat([]byte{byte(i)}, size)); n != size || err != nil {
						t.Error(n, err)
					}
				}
			})
		}
		go func() {
			wg.Wait()
			a.Close()
		}()
		got, err := io.ReadAll(b)
		if len(got) != 3*writers*size || err != nil {
			t.Error(len(got), err)
		}
		for len(got) >= size {
			if !bytes.Equal(got[:size], bytes.Repeat(got[:1], size)) {
				t.Error("a write was cut in two by another")
			}
			got = got[size:]
		}
	})
}

// TestNetConnReadsShare: several Reads at once take turns, and lose nothing.
func TestNetConnReadsShare(t *testing.T) {
	t.Parallel()
	forPairs(t, websocket.Config{}, func(t *testing.T, c, s *websocket.Conn) {
		a, b := websocket.NetConn(c, websocket.Binary), websocket.NetConn(s, websocket.Binary)
		var mu sync.Mutex
		var total int
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				p := make([]byte, 777)
				for {
					n, err := b.Read(p)
					mu.Lock()
					total += n
					mu.Unlock()
					if err == io.EOF {
						return
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		a.Write(make([]byte, 1_000_000))
		a.Close()
		wg.Wait()
		if total != 1_000_000 {
			t.Error(total)
		}
	})
}

func TestJSON(t *testing.T) {
	t.Parallel()
	c, s := tcpPair(t, large, large)
	type point struct{ X, Y int }
	if err := websocket.WriteJSON(ctx, c, point{1, 2}); err != nil {
		t.Fatal(err)
	}
	c.Write(ctx, websocket.Text, []byte("{"))
	var got point
	if err := websocket.ReadJSON(ctx, s, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(point{1, 2}, got); diff != "" {
		t.Error(diff)
	}
	var syntax *json.SyntaxError
	if err := websocket.ReadJSON(ctx, s, &got); !errors.As(err, &syntax) || s.Err() != nil {
		t.Error(err)
	}
	if err := websocket.WriteJSON(ctx, c, func() {}); err == nil {
		t.Error("a func was written as JSON")
	}
	c.CloseNow()
	closeError(t, websocket.ReadJSON(ctx, c, &got))
}
