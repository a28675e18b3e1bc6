package websocket_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket"
	"hawser/websocket/frame"
)

// recorder keeps the headers of frames, without the masks, which are random.
type recorder struct {
	mu             sync.Mutex
	received, sent []frame.Header
}

func (r *recorder) trace() *websocket.Trace {
	record := func(to *[]frame.Header) func(*websocket.Conn, frame.Header) {
		return func(_ *websocket.Conn, h frame.Header) {
			r.mu.Lock()
			defer r.mu.Unlock()
			h.Masked, h.Key = false, [4]byte{}
			*to = append(*to, h)
		}
	}
	return &websocket.Trace{FrameReceived: record(&r.received), FrameSent: record(&r.sent)}
}

// TestTrace: both sides tell of the same frames, whatever way a message takes.
func TestTrace(t *testing.T) {
	t.Parallel()
	small, large := []byte("hello"), []byte(strings.Repeat("x", 100_000))
	for name, k := range map[string]*websocket.Compression{"plain": nil, "compressed": {MinSize: -1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var cr, sr recorder
			c, s := websocket.Pipe(websocket.Config{Trace: cr.trace(), Compression: k}, websocket.Config{Trace: sr.trace(), Compression: k})
			ended := make(chan error)
			talk := func(c *websocket.Conn) {
				for _, p := range [][]byte{small, large} {
					c.Write(ctx, websocket.Text, p)
					c.Send(ctx, websocket.NewPrepared(websocket.Binary, p))
					c.Post(websocket.NewPrepared(websocket.Binary, p))
					w, err := c.Writer(ctx, websocket.Text)
					if err != nil {
						t.Error(err)
						return
					}
					w.Write(p)
					w.Close()
				}
			}
			go func() {
				n := 0
				for _, err := range s.Messages(ctx) {
					if n++; n == 8 && err == nil {
						go talk(s)
					}
				}
				ended <- s.Close(1000, "")
			}()
			go talk(c)
			for range 8 {
				if _, _, err := c.Read(ctx); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.Close(4000, "bye"); err != nil {
				t.Error(err)
			}
			if err := <-ended; err != nil {
				t.Error(err)
			}
			if d := cmp.Diff(cr.sent, sr.received); d != "" {
				t.Errorf("the client sent, the server received:\n%s", d)
			}
			if d := cmp.Diff(sr.sent, cr.received); d != "" {
				t.Errorf("the server sent, the client received:\n%s", d)
			}
			want := map[frame.Opcode]int{frame.Text: 4, frame.Binary: 4, frame.Close: 1}
			got := map[frame.Opcode]int{}
			var size int64
			for _, h := range cr.sent {
				if h.Opcode != frame.Continuation {
					got[h.Opcode]++
				}
				if !h.Opcode.IsControl() {
					size += h.Length
				}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			if all := int64(4 * (len(small) + len(large))); k == nil && size != all || k != nil && size >= all {
				t.Errorf("%d bytes of %d", size, all)
			}
		})
	}
}

func ExampleTrace() {
	var messages, bytes atomic.Int64
	trace := &websocket.Trace{FrameReceived: func(_ *websocket.Conn, h frame.Header) {
		if h.Opcode == frame.Text || h.Opcode == frame.Binary {
			messages.Add(1)
		}
		if !h.Opcode.IsControl() {
			bytes.Add(h.Length)
		}
	}}
	client, server := websocket.Pipe(websocket.Config{}, websocket.Config{Trace: trace})
	defer client.CloseNow()
	defer server.CloseNow()

	client.Write(ctx, websocket.Text, []byte("hello"))
	server.Read(ctx)
	fmt.Println(messages.Load(), bytes.Load())
	// Output: 1 5
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
