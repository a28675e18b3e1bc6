package websocket_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
	"hawser/websocket/internal/belowtls"
)

// certificate is that of net/http/httptest.
var certificate = sync.OnceValue(func() tls.Certificate {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	return s.TLS.Certificates[0]
})

// tlsPair returns the two ends of a connection over TLS.
func tlsPair(t testing.TB, client, server websocket.Config) (c, s *websocket.Conn) {
	t.Helper()
	a, b := netPair(t)
	ta := tls.Client(belowtls.New(a), &tls.Config{InsecureSkipVerify: true}) // as package client does
	tb := tls.Server(b, &tls.Config{Certificates: []tls.Certificate{certificate()}})
	ended := make(chan error, 1)
	go func() { ended <- ta.Handshake() }()
	if err := errors.Join(tb.Handshake(), <-ended); err != nil {
		t.Fatal(err)
	}
	c = websocket.NewConn(ta, websocket.Setup{Role: frame.Client}, client)
	s = websocket.NewConn(tb, websocket.Setup{Role: frame.Server}, server)
	t.Cleanup(func() { c.CloseNow(); s.CloseNow() })
	return c, s
}

// TestTLSRecords: nothing is left within the tls.Conn when a read waits, however
// messages and records fall together.
func TestTLSRecords(t *testing.T) {
	t.Parallel()
	a, b := netPair(t)
	tb := tls.Server(b, &tls.Config{Certificates: []tls.Certificate{certificate()}})
	ta := tls.Client(a, &tls.Config{InsecureSkipVerify: true})
	go ta.Handshake()
	if err := tb.Handshake(); err != nil {
		t.Fatal(err)
	}
	c := websocket.NewConn(tb, websocket.Setup{}, large)
	defer c.CloseNow()
	one := func(n int) []byte {
		return frame.Append(nil, frame.Header{Fin: true, Opcode: frame.Text, Masked: true, Key: [4]byte{1, 2, 3, 4}}, []byte(text(n)))
	}
	sizes := []int{0, 10, 4080, 4090, 4100, 16_380, 16_384, 40_000, 100, 1, 200_000}
	var all []byte
	for _, n := range sizes {
		all = append(all, one(n)...)
	}
	for _, step := range []int{len(all), 1000, 4096, 16_384, 50_000, 7} {
		if step == 7 {
			sizes = []int{0, 10, 100}
			all = append(append(one(0), one(10)...), one(100)...)
		}
		go func() {
			for p := all; len(p) > 0; {
				n := min(step, len(p))
				if _, err := ta.Write(p[:n]); err != nil {
					t.Error(err)
					return
				}
				p = p[n:]
			}
		}()
		for _, n := range sizes {
			if _, p, err := c.Read(ctx); err != nil || string(p) != text(n) {
				t.Fatalf("in steps of %d, message of %d bytes: %d bytes, %v", step, n, len(p), err)
			}
		}
	}
}

// TestTLSReadCut: a context ends a read over TLS at any moment, and leaves the
// connection as it is.
func TestTLSReadCut(t *testing.T) {
	t.Parallel()
	c, s := tlsPair(t, large, large)
	cuts := 0
	for range 10 { // nothing is there to be read
		cut, cancel := context.WithCancel(ctx)
		go cancel()
		if _, _, err := s.Read(cut); !errors.Is(err, context.Canceled) || s.Err() != nil {
			t.Fatal(err)
		}
	}
	const messages = 300
	go func() {
		for range messages {
			if err := c.Write(ctx, websocket.Text, []byte(strings.Repeat("x", 5000))); err != nil {
				t.Error(err)
			}
		}
	}()
	for got := 0; got < messages; {
		cut, cancel := context.WithCancel(ctx)
		go cancel()
		_, p, err := s.Read(cut)
		switch {
		case err == nil && len(p) == 5000:
			got++
		case errors.Is(err, context.Canceled) && s.Err() == nil:
			cuts++
		default:
			t.Fatal(len(p), err)
		}
		cancel()
	}
	t.Log(cuts, "cuts")
}

// TestTLSWriteTimeout: a write over TLS that a peer doesn't take ends in time, and those
// before it, which it took, leave nothing behind that ends a later one.
func TestTLSWriteTimeout(t *testing.T) {
	t.Parallel()
	c, s := tlsPair(t, large, websocket.Config{WriteTimeout: 100 * time.Millisecond})
	until := time.Now().Add(300 * time.Millisecond)
	for n := 0; n < 3 || time.Now().Before(until); n++ {
		if err := s.Write(ctx, websocket.Text, []byte(text(1000))); err != nil {
			t.Fatal(err)
		}
		if _, p, err := c.Read(ctx); err != nil || string(p) != text(1000) {
			t.Fatal(len(p), err)
		}
	}
	var err error
	for err == nil {
		err = s.Write(ctx, websocket.Binary, make([]byte, 1<<20))
	}
	if !errors.Is(err, websocket.ErrWriteTimeout) {
		t.Error(err)
	}
}

// halving is a connection that sends a write in two parts, when it's told to.
type halving struct {
	net.Conn
	on         atomic.Bool
	half, rest chan bool
	done       chan struct{} // closed when nobody waits for the halves any more
}

func (h *halving) Write(p []byte) (int, error) {
	if !h.on.Load() {
		return h.Conn.Write(p)
	}
	n, err := h.Conn.Write(p[:len(p)/2])
	if err != nil {
		return n, err
	}
	select {
	case h.half <- true:
		<-h.rest
	case <-h.done:
	}
	k, err := h.Conn.Write(p[n:])
	return n + k, err
}

// TestTLSReadCutInRecord: a context ends a read when half of a TLS record is there.
func TestTLSReadCutInRecord(t *testing.T) {
	t.Parallel()
	a, b := netPair(t)
	h := &halving{Conn: a, half: make(chan bool), rest: make(chan bool), done: make(chan struct{})}
	ta := tls.Client(h, &tls.Config{InsecureSkipVerify: true})
	tb := tls.Server(b, &tls.Config{Certificates: []tls.Certificate{certificate()}})
	go ta.Handshake()
	if err := tb.Handshake(); err != nil {
		t.Fatal(err)
	}
	c := websocket.NewConn(ta, websocket.Setup{Role: frame.Client}, websocket.Config{})
	s := websocket.NewConn(tb, websocket.Setup{Role: frame.Server}, websocket.Config{})
	defer c.CloseNow()
	defer s.CloseNow()
	defer close(h.done)                                       // before closing, which writes too
	if err := c.Write(ctx, websocket.Text, nil); err != nil { // behind the handshake
		t.Fatal(err)
	}
	if _, _, err := s.Read(ctx); err != nil {
		t.Fatal(err)
	}
	h.on.Store(true)
	for range 5 {
		go c.Write(ctx, websocket.Text, []byte(text(1000)))
		<-h.half
		for range 3 {
			cut, cancel := context.WithCancel(ctx)
			go cancel()
			if _, _, err := s.Read(cut); !errors.Is(err, context.Canceled) || s.Err() != nil {
				t.Fatal(err)
			}
		}
		h.rest <- true
		if _, p, err := s.Read(ctx); string(p) != text(1000) || err != nil {
			t.Fatalf("%d bytes, %v", len(p), err)
		}
	}
	h.on.Store(false) // for what is sent at the end
}
