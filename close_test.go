package websocket_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
)

func TestClose(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		code       frame.Code
		reason     string
		wantReason string
	}{
		{"5.5.1_normal", 1000, "", ""},
		{"5.5.1_reason", 4000, "see you €", "see you €"},
		{"K3_long_reason", 1001, strings.Repeat("€", 100), strings.Repeat("€", 41)},
		{"7.4.1_no_code", frame.CodeNone, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			forPairs(t, websocket.Config{}, func(t *testing.T, c, s *websocket.Conn) {
				done := goEcho(c)
				if err := s.Close(tt.code, tt.reason); err != nil {
					t.Error(err)
				}
				e := closeError(t, <-done)
				if e.Code != tt.code || e.Reason != tt.wantReason || e.Local || e.Err != nil {
					t.Errorf("%+v", e)
				}
				e = closeError(t, s.Err())
				if e.Code != tt.code || e.SentCode != tt.code || !e.Local {
					t.Errorf("%+v", e)
				}
				if err := s.Close(1011, "again"); err != nil {
					t.Error("second Close:", err)
				}
				closeError(t, s.Write(ctx, websocket.Text, nil))
			})
		})
	}
}

// TestCloseCodes is line K4: what must not be sent is refused, and the
// connection stays open.
func TestCloseCodes(t *testing.T) {
	t.Parallel()
	c, s := tcpPair(t, websocket.Config{}, websocket.Config{})
	done := goEcho(s)
	for _, code := range []frame.Code{0, 999, 1004, 1006, 1015, 1016, 2999, 5000} {
		if err := c.Close(code, ""); err == nil || errors.Is(err, net.ErrClosed) {
			t.Errorf("code %v: %v", code, err)
		}
	}
	if err := c.Close(frame.CodeNone, "reason"); err == nil {
		t.Error("a reason without a code was accepted")
	}
	c.Write(ctx, websocket.Text, []byte("still open"))
	if _, p, err := c.Read(ctx); string(p) != "still open" {
		t.Error(err)
	}
	c.Close(1000, "")
	<-done
}

// TestCloseAtOnce is line K5: both sides begin.
func TestCloseAtOnce(t *testing.T) {
	t.Parallel()
	forPairs(t, websocket.Config{}, func(t *testing.T, c, s *websocket.Conn) {
		errs := make(chan error, 2)
		go func() { errs <- c.Close(4001, "c") }()
		go func() { errs <- s.Close(4002, "s") }()
		for range 2 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		// Each side's Close frame is its own, or the answer to the other one's.
		ce, se := closeError(t, c.Err()), closeError(t, s.Err())
		if ce.Code != se.SentCode || se.Code != ce.SentCode || ce.Err != nil || se.Err != nil {
			t.Errorf("client %+v, server %+v", ce, se)
		}
		for _, got := range []struct {
			e         *websocket.CloseError
			own, peer frame.Code
		}{{ce, 4001, 4002}, {se, 4002, 4001}} {
			if e := got.e; e.Local && e.SentCode != got.own || !e.Local && (e.SentCode != got.peer || e.Code != got.peer) {
				t.Errorf("it sent %d: %+v", got.own, e)
			}
		}
	})
}

// TestCloseFromAnywhere is line R5.
func TestCloseFromAnywhere(t *testing.T) {
	t.Parallel()
	forPairs(t, large, func(t *testing.T, c, s *websocket.Conn) {
		var wg sync.WaitGroup
		wg.Go(func() { echo(s) })
		wg.Go(func() {
			for {
				if _, _, err := c.Read(ctx); err != nil {
					return
				}
			}
		})
		began := make(chan bool)
		for range 3 {
			wg.Go(func() {
				for i := 0; ; i++ {
					if c.Write(ctx, websocket.Binary, make([]byte, 1000*i)) != nil {
						return
					}
					if i == 5 {
						began <- true
					}
				}
			})
			<-began
		}
		for i := range 5 {
			wg.Go(func() {
				if err := c.Close(frame.Code(4000+i), ""); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if e := closeError(t, c.Err()); e.Code != e.SentCode || e.Code < 4000 || !e.Local {
			t.Errorf("%+v", e)
		}
	})
}

// TestCloseSendsFirst: what was accepted goes out before the Close frame, and
// what the peer still sends is read.
func TestCloseSendsFirst(t *testing.T) {
	t.Parallel()
	forPairs(t, large, func(t *testing.T, c, s *websocket.Conn) {
		done := goEcho(s)
		const n = 1000
		go func() {
			for i := range n {
				if err := c.Write(ctx, websocket.Text, []byte(fmt.Sprint(i))); err != nil {
					t.Error(err)
				}
			}
			c.Post(websocket.NewPrepared(websocket.Text, []byte("posted")))
			if err := c.CloseWrite(1000, ""); err != nil {
				t.Error(err)
			}
			closeError(t, c.Write(ctx, websocket.Text, nil))
			closeError(t, c.CloseWrite(1000, ""))
		}()
		got := 0
		for m, err := range c.Messages(ctx) {
			want := fmt.Sprint(got)
			if got == n {
				want = "posted"
			}
			if err != nil || string(m.Data) != want {
				t.Fatalf("%q, %v; want %q", m.Data, err, want)
			}
			got++
		}
		if got != n+1 {
			t.Errorf("%d messages of %d", got, n+1)
		}
		if e := closeError(t, <-done); e.Code != 1000 {
			t.Error(e)
		}
	})
}

// TestCloseKeepsSlices: a Close from elsewhere doesn't touch the message that
// somebody is looking at.
func TestCloseKeepsSlices(t *testing.T) {
	t.Parallel()
	c, p := withPeer(t, frame.Server, false, websocket.Config{})
	p.write(append(p.bytes(txt, "look at me"), p.bytes(txt, "unread")...))
	_, got, err := c.Read(ctx)
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan error)
	go func() { closed <- c.Close(1000, "") }()
	h, payload, _ := p.next()
	if h.Opcode != frame.Close || payload != status(1000, "") {
		t.Error(h, payload)
	}
	for range 100 {
		p.send(bin, text(3000))
	}
	p.send(cls, status(1000, ""))
	closeWrite(p)
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if string(got) != "look at me" {
		t.Errorf("the message is now %q", got)
	}
}

// TestCloseInWriter: Close doesn't wait for a message that is never finished.
func TestCloseInWriter(t *testing.T) {
	t.Parallel()
	forPairs(t, large, func(t *testing.T, c, s *websocket.Conn) {
		done := goEcho(s)
		w, err := c.Writer(ctx, websocket.Text)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, text(10_000))
		waiting := make(chan error)
		go func() { waiting <- c.Write(ctx, websocket.Text, nil) }()
		if err := c.Close(1000, ""); err != nil {
			t.Error(err)
		}
		closeError(t, <-waiting)
		_, err = io.WriteString(w, text(10_000))
		closeError(t, err)
		closeError(t, w.Close())
		if e := closeError(t, <-done); e.Code != 1000 || e.Err != nil {
			t.Error(e)
		}
	})
}

// TestMute is lines K5 and K6: a peer that answers Close with nothing, or with
// data without end.
func TestMute(t *testing.T) {
	t.Parallel()
	for _, plain := range []bool{false, true} {
		for _, floods := range []bool{false, true} {
			t.Run(fmt.Sprintf("plain=%v/floods=%v", plain, floods), func(t *testing.T) {
				t.Parallel()
				c, p := withPeer(t, frame.Server, plain, websocket.Config{CloseTimeout: 200 * time.Millisecond})
				var wg sync.WaitGroup
				if floods {
					wg.Go(func() {
						b := p.bytes(bin, text(10_000))
						for {
							if _, err := p.Write(b); err != nil {
								return
							}
						}
					})
				}
				err := c.Close(1000, "")
				if !errors.Is(err, websocket.ErrCloseTimeout) {
					t.Error(err)
				}
				e := closeError(t, err)
				if e.Code != frame.CodeAbnormal || e.SentCode != 1000 || !e.Local {
					t.Errorf("%+v", e)
				}
				wg.Wait()
			})
		}
	}
}

// TestBlockedWrites: a peer that doesn't read costs its own connection, at the
// latest after the write timeout, and every other way out is open before.
func TestBlockedWrites(t *testing.T) {
	t.Parallel()
	ends := map[string]struct {
		cfg  websocket.Config
		end  func(c *websocket.Conn, cancel func())
		want error
	}{
		"R2_timeout": {websocket.Config{WriteTimeout: 100 * time.Millisecond}, func(*websocket.Conn, func()) {}, websocket.ErrWriteTimeout},
		"R7_context": {websocket.Config{}, func(_ *websocket.Conn, cancel func()) { cancel() }, context.Canceled},
		"CloseNow":   {websocket.Config{}, func(c *websocket.Conn, _ func()) { c.CloseNow() }, net.ErrClosed},
		"K5_Close":   {websocket.Config{CloseTimeout: 100 * time.Millisecond}, func(c *websocket.Conn, _ func()) { c.Close(1000, "") }, websocket.ErrCloseTimeout},
		"no_timeout": {websocket.Config{WriteTimeout: -1}, func(_ *websocket.Conn, cancel func()) { cancel() }, context.Canceled},
	}
	for name, tt := range ends {
		for _, role := range []frame.Role{frame.Server, frame.Client} {
			for _, plain := range []bool{false, true} {
				for _, size := range []int{1000, 1 << 20} {
					t.Run(fmt.Sprintf("%s/%v/plain=%v/%d", name, role, plain, size), func(t *testing.T) {
						t.Parallel()
						c, p := withPeer(t, role, plain, tt.cfg)
						own, cancel := context.WithCancel(ctx)
						defer cancel()
						errs := make(chan error)
						for range 3 {
							go func() {
								for {
									if err := c.Write(own, websocket.Binary, make([]byte, size)); err != nil {
										errs <- err
										return
									}
								}
							}()
						}
						if _, err := p.rd.Next(); err != nil {
							t.Error(err)
						}
						tt.end(c, cancel)
						for range 3 {
							err := <-errs
							var e *websocket.CloseError
							if !errors.Is(err, tt.want) && !errors.As(err, &e) {
								t.Error(err)
							}
						}
						// A context may have ended between two messages, and then the
						// connection goes on.
						if tt.want == context.Canceled && c.Err() == nil {
							c.CloseNow()
							return
						}
						<-c.Done()
						if !errors.Is(c.Err(), tt.want) {
							t.Error(c.Err())
						}
						closeError(t, c.Write(ctx, websocket.Text, nil))
					})
				}
			}
		}
	}
}

// TestCutFrame is line R7: after a frame was cut in two nothing else goes out.
func TestCutFrame(t *testing.T) {
	t.Parallel()
	c, p := withPeer(t, frame.Server, false, websocket.Config{})
	own, cancel := context.WithCancel(ctx)
	cut := make(chan error)
	go func() { cut <- c.Write(own, websocket.Binary, make([]byte, 30<<20)) }()
	if _, err := p.rd.Next(); err != nil { // the frame has begun
		t.Fatal(err)
	}
	cancel()
	if err := <-cut; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	closeError(t, c.Write(ctx, websocket.Text, []byte("x")))
	_, _, err := c.Read(ctx)
	closeError(t, err)
	var n int
	for {
		b, err := p.rd.Piece()
		if err != nil {
			break
		}
		n += len(b)
		if strings.Trim(string(b), "\x00") != "" {
			t.Fatal("something else than the frame")
		}
	}
	if n >= 30<<20 {
		t.Error("the frame arrived whole")
	}
}

// TestPingFlood is line R1: pings without end from a peer that reads nothing. The
// reader goes on reading, only the latest ping is remembered.
func TestPingFlood(t *testing.T) {
	t.Parallel()
	for _, plain := range []bool{false, true} {
		t.Run(fmt.Sprintf("plain=%v", plain), func(t *testing.T) {
			t.Parallel()
			c, p := withPeer(t, frame.Server, plain, websocket.Config{})
			flood := []byte(strings.Repeat(string(p.bytes(ping, text(125))), 1000))
			go func() {
				for range 200 { // 26 MB of pings, more than all buffers hold
					p.write(flood)
				}
				p.send(ping, "last")
				p.send(txt, "done")
			}()
			if _, got, err := c.Read(ctx); string(got) != "done" || err != nil {
				t.Fatalf("%q, %v", got, err)
			}
			n := 0
			for {
				h, payload, err := p.next()
				if err != nil || h.Opcode != frame.Pong {
					t.Fatal(h, err)
				}
				n++
				if payload == "last" {
					break
				}
			}
			if n >= 200_000 {
				t.Errorf("%d pongs: the flood wasn't one", n)
			}
		})
	}
}

// TestBothBlocked is the deadlock of line R1: both sides write more than the
// network takes, and both answer pings.
func TestBothBlocked(t *testing.T) {
	t.Parallel()
	c, s := tcpPair(t, large, large)
	const n, size = 200, 100_000
	var wg sync.WaitGroup
	for _, conn := range []*websocket.Conn{c, s} {
		wg.Go(func() {
			for i := range n {
				if err := conn.Write(ctx, websocket.Binary, make([]byte, size)); err != nil {
					t.Error(err)
				}
				if i%10 == 0 {
					wg.Go(func() {
						if _, err := conn.Ping(ctx, nil); err != nil {
							t.Error(err)
						}
					})
				}
			}
		})
		go func() {
			for {
				if _, p, err := conn.Read(ctx); err != nil {
					return
				} else if len(p) != size {
					t.Error(len(p))
				}
			}
		}()
	}
	wg.Wait()
}

// TestPost: a queue that is full refuses, an empty one takes anything, and what
// it took arrives.
func TestPost(t *testing.T) {
	t.Parallel()
	for _, role := range []frame.Role{frame.Server, frame.Client} {
		t.Run(role.String(), func(t *testing.T) {
			t.Parallel()
			c, p := withPeer(t, role, false, websocket.Config{MaxQueue: 100_000})
			m := websocket.NewPrepared(websocket.Binary, []byte(text(50_000)))
			huge := websocket.NewPrepared(websocket.Binary, []byte(text(32<<20)))
			posted := 0
			for {
				err := c.Post(m)
				if err == websocket.ErrQueueFull {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				posted++
			}
			if err := c.Post(huge); err != websocket.ErrQueueFull {
				t.Error(err)
			}
			for range posted {
				p.expect(frame.Binary, text(50_000))
			}
			if err := c.Post(huge); err != nil {
				t.Error(err)
			}
			p.expect(frame.Binary, text(32<<20))
			go c.Close(1000, "")
			if h, _, err := p.next(); h.Opcode != frame.Close || err != nil {
				t.Error(h, err)
			}
		})
	}
}

// TestReset: a connection that the network ends.
func TestReset(t *testing.T) {
	t.Parallel()
	for _, plain := range []bool{false, true} {
		c, p := withPeer(t, frame.Server, plain, websocket.Config{})
		done := goEcho(c)
		p.Conn.(*net.TCPConn).SetLinger(0)
		p.send(txt, "a")
		p.expect(frame.Text, "a")
		p.Close()
		e := closeError(t, <-done)
		if e.Code != frame.CodeAbnormal || e.Err == nil || e.Local {
			t.Errorf("%+v", e)
		}
		<-c.Done()
	}
}
