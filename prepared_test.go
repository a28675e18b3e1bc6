package websocket_test

import (
	"strings"
	"testing"

	"hawser/websocket"
	"hawser/websocket/frame"
)

// TestPost: a queue that is full refuses, an empty one takes anything, and what
// it took arrives.
func TestPost(t *testing.T) {
	t.Parallel()
	for _, role := range []frame.Role{frame.Server, frame.Client} {
		t.Run(role.String(), func(t *testing.T) {
			t.Parallel()
			c, p := withPeer(t, role, false, websocket.Config{MaxQueue: 10_000_000}) // more than a socket takes at once
			m := websocket.NewPrepared(websocket.Binary, []byte(text(50_000)))
			huge := websocket.NewPrepared(websocket.Binary, []byte(text(32<<20)))
			w, err := c.Writer(ctx, websocket.Binary) // all that is posted waits for it
			if err != nil {
				t.Fatal(err)
			}
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
			w.Close()
			p.expect(frame.Binary, "")
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

// TestPreparedCompressedOnce: what many connections with the same parameters
// send is one and the same.
func TestPreparedCompressedOnce(t *testing.T) {
	m := websocket.NewPrepared(websocket.Text, []byte(strings.Repeat(text(50_000), 2)))
	var conns []*websocket.Conn
	for range 8 {
		c, s := deflatePair(t, websocket.Compression{}, websocket.Compression{})
		if err := s.Send(ctx, m); err != nil {
			t.Fatal(err)
		}
		if _, got, err := c.Read(ctx); err != nil || len(got) != 100_000 {
			t.Fatal(len(got), err)
		}
		conns = append(conns, s)
	}
	per := testing.AllocsPerRun(10, func() {
		for _, s := range conns {
			if err := s.Post(m); err != nil {
				t.Fatal(err)
			}
		}
	})
	if per > 8*4 {
		t.Errorf("%.1f allocations to post what is ready", per)
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
