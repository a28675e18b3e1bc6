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
				short, cancel := context.WithTimeout(ctx, 700*time.Millisecond) // no tick falls on its end
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
// of them back. A write that the peer takes in time has none.
func TestDeadlines(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		do   func(t *testing.T, c *websocket.Conn, b websocket.Transport)
		want []string
	}{
		{"writes in time", func(t *testing.T, c *websocket.Conn, b websocket.Transport) {
			c.Write(ctx, websocket.Text, []byte("x"))
			time.Sleep(time.Hour) // and what the last one has left behind is no harm
			go io.Copy(io.Discard, b)
			c.Write(ctx, websocket.Binary, make([]byte, 100_000))
		}, nil},
		{"a write in time for each part", func(t *testing.T, c *websocket.Conn, b websocket.Transport) {
			const size = 300_000
			go func() {
				if err := c.Write(ctx, websocket.Binary, make([]byte, size)); err != nil {
					t.Error(err)
				}
			}()
			p := make([]byte, 20<<10)
			for n := 0; n < size; { // 64 KiB take 20 seconds, the whole 75
				time.Sleep(5 * time.Second)
				k, err := b.Read(p)
				if err != nil {
					t.Fatal(err)
				}
				n += k
			}
		}, nil},
		{"a write that takes too long", func(t *testing.T, c *websocket.Conn, b websocket.Transport) {
			start := time.Now()
			err := c.Write(ctx, websocket.Binary, make([]byte, 1<<20))
			if d := time.Since(start); !errors.Is(err, websocket.ErrWriteTimeout) || d != websocket.DefaultWriteTimeout {
				t.Error(d, err)
			}
			<-c.Done()
		}, []string{"write deadline past", "write deadline none", "close"}},
		{"a context cuts a write", func(t *testing.T, c *websocket.Conn, b websocket.Transport) {
			own, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			if err := c.Write(own, websocket.Binary, make([]byte, 1<<20)); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			<-c.Done()
		}, []string{"write deadline past", "write deadline none", "close"}},
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
		}, []string{"read deadline past", "read deadline none", "end", "close"}},
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
