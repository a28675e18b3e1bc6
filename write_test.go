package websocket_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
)

// TestConcurrentWrites is line R4: frames of many writers don't mix, neither of
// small messages, nor of large ones, nor of those in fragments; control frames
// pass in between.
func TestConcurrentWrites(t *testing.T) {
	t.Parallel()
	forPairs(t, large, func(t *testing.T, c, s *websocket.Conn) {
		const writers, each = 100, 12
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					n := []int{10, 200, 5000, 40_000}[(w+i)%4]
					msg := []byte(fmt.Sprintf("%d,%d,%s", w, i, text(n)))
					var err error
					switch (w + i) % 3 {
					case 0:
						err = c.Write(ctx, websocket.Binary, msg)
					case 1:
						var wr io.WriteCloser
						if wr, err = c.Writer(ctx, websocket.Binary); err == nil {
							for part := range slices.Chunk(msg, 4500) { // each makes a frame
								wr.Write(part)
							}
							err = wr.Close()
						}
					default:
						if err = c.Post(websocket.NewPrepared(websocket.Binary, msg)); err == websocket.ErrQueueFull {
							err = c.Send(ctx, websocket.NewPrepared(websocket.Binary, msg))
						}
					}
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		for range 4 {
			wg.Go(func() {
				for range each {
					if _, err := c.Ping(ctx, nil); err != nil {
						t.Error(err)
					}
				}
			})
		}
		go c.Read(ctx) // for the pongs
		next := make([]int, writers)
		for range writers * each {
			_, p, err := s.Read(ctx)
			if err != nil {
				t.Fatal(err)
			}
			var w, i int
			var rest string
			if _, err := fmt.Sscanf(string(p), "%d,%d,%s", &w, &i, &rest); err != nil {
				t.Fatal(err)
			}
			if i != next[w] || rest != text([]int{10, 200, 5000, 40_000}[(w+i)%4]) {
				t.Fatalf("message %d of writer %d, %d bytes; want message %d", i, w, len(rest), next[w])
			}
			next[w]++
		}
		go s.Read(ctx)
		wg.Wait()
	})
}

// TestNothingAfterClose: a message written while the Close frame goes out is
// refused, not sent behind it.
func TestNothingAfterClose(t *testing.T) {
	t.Parallel()
	for range 50 {
		c, p := withPeer(t, frame.Server, false, websocket.Config{})
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				for c.Write(ctx, websocket.Text, []byte("x")) == nil {
				}
			})
		}
		p.expect(frame.Text, "x")
		c.CloseWrite(1000, "")
		wg.Wait()
		for {
			h, _, err := p.next()
			if err != nil {
				t.Fatal(h, err)
			}
			if h.Opcode == frame.Close {
				c.CloseNow()
				break
			}
		}
		if h, _, err := p.next(); err == nil {
			t.Fatal(h)
		}
		p.Close()
	}
}

func TestWriteErrors(t *testing.T) {
	t.Parallel()
	c, _ := tcpPair(t, websocket.Config{}, websocket.Config{})
	done, cancel := context.WithCancel(ctx)
	cancel()
	if err := c.Write(ctx, 3, nil); err == nil {
		t.Error("a message of type 3 was accepted")
	}
	if _, err := c.Writer(ctx, 0); err == nil {
		t.Error("a message of type 0 was accepted")
	}
	if err := c.Post(websocket.NewPrepared(9, nil)); err == nil {
		t.Error("a ping was accepted as a message")
	}
	if err := c.Write(done, websocket.Text, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := c.Writer(done, websocket.Text); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := c.Ping(done, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := c.Ping(ctx, make([]byte, 126)); err == nil {
		t.Error("a ping of 126 bytes was accepted")
	}
	c.CloseNow()
	closeError(t, c.Write(ctx, websocket.Text, nil))
	_, err := c.Writer(ctx, websocket.Text)
	closeError(t, err)
	closeError(t, c.Post(websocket.NewPrepared(websocket.Text, nil)))
	_, err = c.Ping(ctx, nil)
	closeError(t, err)
	_, _, err = c.Read(ctx)
	closeError(t, err)
	_, _, err = c.Reader(ctx)
	closeError(t, err)
	if err := c.CloseNow(); err != nil {
		t.Error(err)
	}
	if closeError(t, c.Close(frame.CodeNormal, "")).Err == nil {
		t.Error("Close after CloseNow reports a clean end")
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

// TestMaskKeys is line M1: no frame has the key of another.
func TestMaskKeys(t *testing.T) {
	t.Parallel()
	c, p := withPeer(t, frame.Client, false, websocket.Config{})
	const n = 2000
	go func() {
		for range n {
			c.Write(ctx, websocket.Binary, make([]byte, 20))
		}
	}()
	seen := make(map[[4]byte]int)
	for range n {
		h, payload, err := p.next()
		if err != nil || !h.Masked || payload != string(make([]byte, 20)) {
			t.Fatal(h, err)
		}
		seen[h.Key]++
	}
	if len(seen) < n-3 { // of 2^32
		t.Errorf("%d keys for %d frames", len(seen), n)
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
