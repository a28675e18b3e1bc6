package websocket_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket"
	"hawser/websocket/frame"
)

// TestSilence: a peer is pinged when it has been silent for the ping interval, not for
// up to twice that, and given up when the ping timeout is over, on the second.
func TestSilence(t *testing.T) {
	t.Parallel()
	const s = time.Second
	read := func(c *websocket.Conn) {
		for {
			if _, _, err := c.Read(ctx); err != nil {
				return
			}
		}
	}
	tests := []struct {
		name  string
		read  func(c *websocket.Conn)
		sends []time.Duration // when the peer sends a byte of something
		pings []time.Duration
		ends  time.Duration
	}{
		{"from the start", read, nil, []time.Duration{30 * s}, 50 * s},
		{"after a message", read, []time.Duration{1 * s}, []time.Duration{31 * s}, 51 * s},
		{"just before the ping", read, []time.Duration{29 * s}, []time.Duration{59 * s}, 79 * s},
		{"often", read, []time.Duration{20 * s, 40 * s, 60 * s}, []time.Duration{90 * s}, 110 * s},
		{"after the ping", read, []time.Duration{45 * s}, []time.Duration{30 * s, 75 * s}, 95 * s},
		{"at the last moment", read, []time.Duration{50*s - 1}, []time.Duration{30 * s, 80*s - 1}, 100*s - 1},
		{"with short reads", func(c *websocket.Conn) {
			for {
				short, cancel := context.WithTimeout(ctx, time.Second)
				_, _, err := c.Read(short)
				cancel()
				if errors.As(err, new(*websocket.CloseError)) {
					return
				}
			}
		}, nil, []time.Duration{30 * s}, 50 * s},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a, b := websocket.NewPipe()
				start := time.Now()
				c := websocket.NewConn(a, websocket.Setup{}, websocket.Config{})
				go tt.read(c)
				go func() {
					p := &peer{t: t}
					for _, at := range tt.sends {
						time.Sleep(at - time.Since(start))
						b.Write(p.bytes(txt, ""))
					}
				}()
				var pings []time.Duration
				rd := frame.NewReader(b.(io.Reader), frame.Rules{Role: frame.Client}, 0)
				for {
					h, err := rd.Next()
					if err != nil {
						break
					}
					if h.Opcode == frame.Ping {
						pings = append(pings, time.Since(start))
					}
				}
				if diff := cmp.Diff(tt.pings, pings); diff != "" {
					t.Error("pings:", diff)
				}
				<-c.Done()
				if d := time.Since(start); d != tt.ends || !errors.Is(c.Err(), websocket.ErrPingTimeout) {
					t.Errorf("%v after %v, want %v", c.Err(), d, tt.ends)
				}
			})
		})
	}
}

// TestNobodyReads: as long as nobody reads, nobody can tell whether the peer is silent.
func TestNobodyReads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := websocket.NewPipe()
		c := websocket.NewConn(a, websocket.Setup{}, websocket.Config{})
		go c.Read(ctx)
		time.Sleep(40 * time.Second) // it has been pinged
		b.Write((&peer{t: t}).bytes(txt, ""))
		time.Sleep(time.Hour)
		if err := c.Err(); err != nil {
			t.Error(err)
		}
		c.CloseNow()
	})
}

// TestDeadlines: which deadlines a Conn sets on its transport, and that it takes each
// of them back.
func TestDeadlines(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		do   func(t *testing.T, c *websocket.Conn, b websocket.Transport)
		want []string
	}{
		{"a write takes its timeout back", func(t *testing.T, c *websocket.Conn, b websocket.Transport) {
			c.Write(ctx, websocket.Text, []byte("x"))
		}, []string{"write deadline later", "write deadline none"}},
		{"a long write has one for each part", func(t *testing.T, c *websocket.Conn, b websocket.Transport) {
			go io.Copy(io.Discard, b)
			c.Write(ctx, websocket.Binary, make([]byte, 100_000))
		}, []string{
			"write deadline later", "write deadline none", // the header, and what is copied
			"write deadline later", "write deadline none", // the rest
		}},
		{"a context cuts a write", func(t *testing.T, c *websocket.Conn, b websocket.Transport) {
			own, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			if err := c.Write(own, websocket.Binary, make([]byte, 1<<20)); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			<-c.Done()
		}, []string{"write deadline later", "write deadline none", "write deadline later", "write deadline past", "write deadline none", "close"}},
		{"a context ends a read", func(t *testing.T, c *websocket.Conn, b websocket.Transport) {
			own, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			if _, _, err := c.Read(own); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			b.Write((&peer{t: t}).bytes(txt, "x"))
			if _, p, err := c.Read(ctx); string(p) != "x" || err != nil {
				t.Error(p, err)
			}
		}, []string{"read deadline past", "read deadline none"}},
		{"reads with one context", func(t *testing.T, c *websocket.Conn, b websocket.Transport) {
			own, cancel := context.WithCancel(ctx)
			defer cancel()
			for range 3 {
				b.Write((&peer{t: t}).bytes(txt, "x"))
				c.Read(own)
			}
			// Nobody waits when the context is canceled; the next read undoes this.
		}, []string{"read deadline past"}},
		{"the end after a context", func(t *testing.T, c *websocket.Conn, b websocket.Transport) {
			own, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			c.Read(own)
			b.Write((&peer{t: t}).bytes(cls, ""))
			c.Read(ctx)
			b.(interface{ CloseWrite() error }).CloseWrite()
			synctest.Wait()
		}, []string{"read deadline past", "read deadline none", "write deadline later", "write deadline none", "end", "close"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a, b := websocket.NewPipe()
				tr := &recorded{Transport: a}
				c := websocket.NewConn(tr, websocket.Setup{}, websocket.Config{})
				tt.do(t, c, b)
				synctest.Wait()
				if diff := cmp.Diff(tt.want, tr.take()); diff != "" {
					t.Error(diff)
				}
				c.CloseNow()
				b.Close()
			})
		})
	}
}

// TestQueueEdge: the queue takes what fills it to the last byte, and not one more.
func TestQueueEdge(t *testing.T) {
	t.Parallel()
	const each = 1000 + 4 + 128 // payload, header, and what each message takes beside
	for _, more := range []int{0, 1} {
		a, _ := websocket.NewPipe()
		c := websocket.NewConn(a, websocket.Setup{}, websocket.Config{MaxQueue: 3*each - more})
		w, err := c.Writer(ctx, websocket.Text) // all that is posted waits for it
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for c.Post(websocket.NewPrepared(websocket.Binary, make([]byte, 1000))) == nil {
			n++
		}
		if n != 3-more {
			t.Errorf("%d messages fit into %d bytes", n, 3*each-more)
		}
		w.Close()
		c.CloseNow()
	}
}

// TestExactlyMaxMessage: a message of exactly the limit passes, in one frame and in
// several; one byte more doesn't.
func TestExactlyMaxMessage(t *testing.T) {
	t.Parallel()
	const limit = 1000
	for _, parts := range [][]int{{limit}, {limit - 1, 1}, {0, limit, 0}, {limit / 2, limit / 2}} {
		for _, more := range []int{0, 1} {
			for _, stream := range []bool{false, true} {
				c, p := withPeer(t, frame.Server, false, websocket.Config{MaxMessage: limit, CloseTimeout: 1})
				go func() {
					op := frame.Binary
					for i, n := range parts {
						last := i == len(parts)-1
						if last {
							n += more
						}
						p.Write(p.bytes(frame.Header{Fin: last, Opcode: op}, text(n)))
						op = frame.Continuation
					}
				}()
				var n int64
				var err error
				if stream {
					var r io.Reader
					if _, r, err = c.Reader(ctx); err == nil {
						n, err = io.Copy(io.Discard, r)
					}
				} else {
					var b []byte
					_, b, err = c.Read(ctx)
					n = int64(len(b))
				}
				if more == 0 && (n != limit || err != nil) || more == 1 && code(err) != frame.CodeTooBig {
					t.Errorf("%v and %d more: %d bytes, %v", parts, more, n, err)
				}
			}
		}
	}
}

// TestTraceHeld: with a Trace, answers are held as without one, and each is told of.
func TestTraceHeld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		trace := &websocket.Trace{FrameSent: func(*websocket.Conn, frame.Header) { sent++ }}
		c, tr, p := countedWith(t, websocket.Config{PingInterval: -1, Trace: trace})
		go echo(c)
		p.write(several(p, 16))
		for range 16 {
			if h, _, err := p.next(); h.Opcode != frame.Text || err != nil {
				t.Fatal(h, err)
			}
		}
		synctest.Wait()
		if n := tr.count(); n != 1 || sent != 16 {
			t.Errorf("%d writes, %d frames told of", n, sent)
		}
		p.Close()
		<-c.Done()
	})
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
