package websocket_test

import (
	"bytes"
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
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket"
	"hawser/websocket/frame"
)

// pairs are the ways to connect two Conns.
var pairs = map[string]func(t testing.TB, client, server websocket.Config) (c, s *websocket.Conn){
	"tcp": tcpPair,
	"tls": tlsPair,
	"pipe": func(t testing.TB, client, server websocket.Config) (*websocket.Conn, *websocket.Conn) {
		c, s := websocket.Pipe(client, server)
		t.Cleanup(func() { c.CloseNow(); s.CloseNow() })
		return c, s
	},
}

func forPairs(t *testing.T, cfg websocket.Config, f func(t *testing.T, c, s *websocket.Conn)) {
	for name, pair := range pairs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := pair(t, cfg, cfg)
			f(t, c, s)
		})
	}
}

func TestEcho(t *testing.T) {
	t.Parallel()
	forPairs(t, large, func(t *testing.T, c, s *websocket.Conn) {
		done := goEcho(s)
		for i, n := range []int{0, 1, 125, 126, 65535, 65536, 1 << 20, 16 << 20} {
			typ := websocket.MessageType(1 + i%2)
			go func() {
				if err := c.Write(ctx, typ, []byte(text(n))); err != nil {
					t.Error(err)
				}
			}()
			got, p, err := c.Read(ctx)
			if got != typ || string(p) != text(n) || err != nil {
				t.Fatalf("%d bytes of %v: %v of %d bytes, %v", n, typ, got, len(p), err)
			}
		}
		if err := c.Close(frame.CodeNormal, "bye"); err != nil {
			t.Error(err)
		}
		e := closeError(t, <-done)
		if diff := cmp.Diff(websocket.CloseError{Code: 1000, Reason: "bye", SentCode: 1000, SentReason: "bye"}, *e); diff != "" {
			t.Error(diff)
		}
		e = closeError(t, c.Err())
		if diff := cmp.Diff(websocket.CloseError{Code: 1000, Reason: "bye", SentCode: 1000, SentReason: "bye", Local: true}, *e); diff != "" {
			t.Error(diff)
		}
		if c.Context().Err() == nil || context.Cause(s.Context()) != s.Err() || websocket.CloseCode(s.Err()) != 1000 {
			t.Error(c.Context().Err(), context.Cause(s.Context()))
		}
	})
}

// TestStreams sends with Writer and receives with Reader.
func TestStreams(t *testing.T) {
	t.Parallel()
	forPairs(t, large, func(t *testing.T, c, s *websocket.Conn) {
		word := "дом€😀x"
		for _, step := range []int{1, 7, 4096, 5000, 70000, 1 << 20} {
			want := strings.Repeat(word, 1+min(step*40, 1<<20)/len(word))
			go func() {
				w, err := c.Writer(ctx, websocket.Text)
				if err != nil {
					t.Error(err)
					return
				}
				for rest := want; rest != ""; {
					n := min(step, len(rest))
					if k, err := io.WriteString(w, rest[:n]); k != n || err != nil {
						t.Error(k, err)
					}
					rest = rest[n:]
				}
				if err := w.Close(); err != nil {
					t.Error(err)
				}
				if err := w.Close(); err != nil {
					t.Error("second Close:", err)
				}
				if _, err := w.Write([]byte("x")); err == nil {
					t.Error("a write after Close was accepted")
				}
			}()
			typ, r, err := s.Reader(ctx)
			if typ != websocket.Text || err != nil {
				t.Fatal(typ, err)
			}
			var got bytes.Buffer
			if step%2 == 0 {
				_, err = io.Copy(&got, r)
			} else {
				_, err = io.Copy(&got, struct{ io.Reader }{r})
			}
			if err != nil || got.String() != want {
				t.Fatalf("step %d: %d bytes of %d, %v", step, got.Len(), len(want), err)
			}
			if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
				t.Error("after the end:", n, err)
			}
		}
	})
}

// TestWriterCuts: no fragment of a text ends inside of a character, which some
// peers can't bear.
func TestWriterCuts(t *testing.T) {
	t.Parallel()
	c, p := withPeer(t, frame.Server, false, websocket.Config{})
	want := strings.Repeat("x€😀", 30_000)
	go func() {
		w, _ := c.Writer(ctx, websocket.Text)
		io.WriteString(w, want[:5])
		io.WriteString(w, want[5:9001])
		io.WriteString(w, want[9001:])
		w.Close()
	}()
	var got string
	for n := 0; ; n++ {
		h, payload, err := p.next()
		if err != nil || !utf8.ValidString(payload) || (n > 0) != (h.Opcode == frame.Continuation) {
			t.Fatal(n, h, err)
		}
		got += payload
		if h.Fin {
			break
		}
	}
	if got != want {
		t.Errorf("%d bytes of %d", len(got), len(want))
	}
}

// TestReaderSkips: the next message can be asked for at any time.
func TestReaderSkips(t *testing.T) {
	t.Parallel()
	forPairs(t, large, func(t *testing.T, c, s *websocket.Conn) {
		go func() {
			for i := range 4 {
				c.Write(ctx, websocket.Binary, []byte(fmt.Sprint(i)+text(100_000)))
			}
		}()
		_, r, err := s.Reader(ctx)
		if err != nil {
			t.Fatal(err)
		}
		io.ReadFull(r, make([]byte, 10))
		_, r2, err := s.Reader(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Read(make([]byte, 1)); err == nil || err == io.EOF {
			t.Error("the reader of a message given up:", err)
		}
		b := make([]byte, 1)
		if r2.Read(b); b[0] != '1' {
			t.Errorf("second message begins with %q", b)
		}
		if _, p, err := s.Read(ctx); err != nil || p[0] != '2' {
			t.Error(err)
		}
		for m, err := range s.Messages(ctx) {
			if err != nil || m.Data[0] != '3' {
				t.Error(err)
			}
			break
		}
	})
}

// TestReadContext is line R6: a context that ends a read leaves the connection
// as it is, wherever the read was.
func TestReadContext(t *testing.T) {
	t.Parallel()
	for _, role := range []frame.Role{frame.Server, frame.Client} {
		for _, plain := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v/plain=%v", role, plain), func(t *testing.T) {
				t.Parallel()
				c, p := withPeer(t, role, plain, websocket.Config{})
				all := append(p.bytes(more(txt), "Hel"), append(p.bytes(ping, "?"), p.bytes(fin, "lo €")...)...)
				for i, b := range all {
					short, cancel := context.WithCancel(ctx)
					ended := make(chan error)
					go func() {
						var err error
						if i%2 == 0 {
							_, _, err = c.Read(short)
						} else {
							for _, err = range c.Messages(short) {
							}
						}
						ended <- err
					}()
					if i%3 == 0 {
						cancel() // maybe before it reads
					}
					p.write([]byte{b})
					if i == len(all)-1 {
						// This read may have the whole message.
						cancel()
						if err := <-ended; err == nil {
							return
						}
						break
					}
					cancel()
					if err := <-ended; !errors.Is(err, context.Canceled) || errors.Is(err, net.ErrClosed) {
						t.Fatalf("after byte %d: %v", i, err)
					}
				}
				if _, got, err := c.Read(ctx); string(got) != "Hello €" || err != nil {
					t.Fatalf("%q, %v", got, err)
				}
				p.expect(frame.Pong, "?")
				p.send(txt, "next")
				if _, got, err := c.Read(ctx); string(got) != "next" || err != nil {
					t.Fatalf("%q, %v", got, err)
				}
			})
		}
	}
}

// TestReadInterrupted: what a Read has collected of a message is there for a
// Reader.
func TestReadInterrupted(t *testing.T) {
	t.Parallel()
	c, p := withPeer(t, frame.Server, false, websocket.Config{})
	p.send(more(txt), "Hel")
	p.send(ping, "")
	short, cancel := context.WithCancel(ctx)
	ended := make(chan error)
	go func() {
		_, _, err := c.Read(short)
		ended <- err
	}()
	p.expect(frame.Pong, "") // so the fragment before has been read
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, _, err := c.Read(short); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	p.send(fin, "lo")
	_, r, err := c.Reader(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); string(got) != "Hello" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func TestConcurrentRead(t *testing.T) {
	t.Parallel()
	c, s := tcpPair(t, websocket.Config{}, websocket.Config{})
	errs := make(chan error, 2)
	for range 2 {
		go func() {
			_, _, err := c.Read(ctx)
			errs <- err
		}()
	}
	if err := <-errs; err != websocket.ErrConcurrentRead {
		t.Error(err)
	}
	s.Write(ctx, websocket.Text, nil)
	if err := <-errs; err != nil {
		t.Error(err)
	}
}

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

// TestWriterHolds: messages wait for one that is being written in parts.
func TestWriterHolds(t *testing.T) {
	t.Parallel()
	forPairs(t, large, func(t *testing.T, c, s *websocket.Conn) {
		w, err := c.Writer(ctx, websocket.Text)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, "first")
		short, cancel := context.WithCancel(ctx)
		errs := make(chan error)
		go func() { errs <- c.Write(short, websocket.Text, []byte("canceled")) }()
		go func() { errs <- c.Write(ctx, websocket.Text, []byte("second")) }()
		cancel()
		if err := <-errs; !errors.Is(err, context.Canceled) || errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if err := <-errs; err != nil {
			t.Error(err)
		}
		for _, want := range []string{"first", "second"} {
			if _, p, err := s.Read(ctx); string(p) != want || err != nil {
				t.Errorf("%q, %v; want %q", p, err, want)
			}
		}
	})
}

// TestWriterKeepsTurn: a message in parts keeps its turn when a Write that began
// before it ends.
func TestWriterKeepsTurn(t *testing.T) {
	t.Parallel()
	a, _ := netPair(t)
	tr := &gated{wrapped{a}, make(chan bool), make(chan bool)}
	c := websocket.NewConn(tr, websocket.Setup{Role: frame.Client}, websocket.Config{})
	t.Cleanup(func() { c.CloseNow() })
	written := make(chan error)
	go func() { written <- c.Write(ctx, websocket.Text, []byte("before")) }()
	<-tr.entered
	if _, err := c.Writer(ctx, websocket.Text); err != nil {
		t.Fatal(err)
	}
	tr.gate <- true
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if err := c.Write(short, websocket.Text, []byte("in between")); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

// gated is a transport whose writes wait to be let through.
type gated struct {
	wrapped
	entered, gate chan bool
}

func (g *gated) Write(p []byte) (int, error) {
	g.entered <- true
	<-g.gate
	return g.wrapped.Write(p)
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

func TestPing(t *testing.T) {
	t.Parallel()
	c, p := withPeer(t, frame.Client, false, websocket.Config{})
	go c.Read(ctx)
	results := make(chan error)
	for i := range 3 {
		go func() {
			_, err := c.Ping(ctx, []byte{byte(i)})
			results <- err
		}()
	}
	var last string
	for range 3 {
		h, payload, err := p.next()
		if h.Opcode != frame.Ping || err != nil {
			t.Fatal(h, err)
		}
		last = payload
	}
	p.send(pong, "unknown")
	p.send(pong, last) // RFC 6455 section 5.5.3: stands for those before, too
	for range 3 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	short, cancel := context.WithCancel(ctx)
	go func() {
		_, err := c.Ping(short, []byte("canceled"))
		results <- err
	}()
	p.expect(frame.Ping, "canceled")
	cancel()
	if err := <-results; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	go func() {
		_, err := c.Ping(ctx, nil)
		results <- err
	}()
	if h, _, _ := p.next(); h.Opcode != frame.Ping {
		t.Error(h)
	}
	c.CloseNow()
	closeError(t, <-results)
}

// TestPong: a pong may come unasked (RFC 6455 section 5.5.3).
func TestPong(t *testing.T) {
	t.Parallel()
	c, p := withPeer(t, frame.Client, false, websocket.Config{})
	for _, payload := range []string{"", "alive", strings.Repeat("x", frame.MaxControlPayload)} {
		if err := c.Pong(ctx, []byte(payload)); err != nil {
			t.Error(err)
		}
		p.expect(frame.Pong, payload)
	}
	if err := c.Pong(ctx, make([]byte, frame.MaxControlPayload+1)); err == nil {
		t.Error("no error for 126 bytes")
	}
	done, cancel := context.WithCancel(ctx)
	cancel()
	if err := c.Pong(done, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	c.CloseNow()
	closeError(t, c.Pong(ctx, nil))
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

// TestUnread is line H11: what came with the handshake is the first to be read.
func TestUnread(t *testing.T) {
	t.Parallel()
	a, b := netPair(t)
	p := &peer{Conn: b, t: t, role: frame.Server}
	first := p.bytes(txt, "early")
	c := websocket.NewConn(a, websocket.Setup{Role: frame.Server, Unread: first[:9], Subprotocol: "chat"}, websocket.Config{})
	clear(first[:9])
	first = p.bytes(txt, "early")
	p.write(first[9:])
	if _, got, err := c.Read(ctx); string(got) != "early" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if c.Subprotocol() != "chat" || c.Role() != frame.Server || c.LocalAddr() != a.LocalAddr() || c.RemoteAddr() != a.RemoteAddr() || c.Transport() != a {
		t.Error("the connection doesn't tell what it is")
	}
	c.CloseNow()
}

// TestAnswer: what is written from the first moment on arrives behind the answer to
// the handshake.
func TestAnswer(t *testing.T) {
	t.Parallel()
	const answer = "HTTP/1.1 101 Switching Protocols\r\n\r\n"
	for name, test := range map[string]struct {
		opened func(c *websocket.Conn) error
		want   string // behind the answer
	}{
		"nothing":   {func(c *websocket.Conn) error { return nil }, ""},
		"Post":      {func(c *websocket.Conn) error { return c.Post(websocket.NewPrepared(websocket.Text, []byte("a"))) }, "\x81\x01a"},
		"Write":     {func(c *websocket.Conn) error { return c.Write(ctx, websocket.Text, []byte("b")) }, "\x81\x01b"},
		"the close": {func(c *websocket.Conn) error { return c.CloseWrite(frame.CodeGoingAway, "") }, "\x88\x02\x03\xe9"},
	} {
		for _, wrap := range []func(net.Conn) net.Conn{
			func(nc net.Conn) net.Conn { return nc },
			func(nc net.Conn) net.Conn { return wrapped{nc} },
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				a, b := netPair(t)
				opened := func(c *websocket.Conn) {
					if err := test.opened(c); err != nil {
						t.Error(err)
					}
				}
				go func() {
					c := websocket.NewConn(wrap(a), websocket.Setup{Role: frame.Server, Opened: opened, Answer: []byte(answer)}, websocket.Config{})
					c.Write(ctx, websocket.Binary, nil)
				}()
				want := answer + test.want
				if name != "the close" {
					want += "\x82\x00"
				}
				got := make([]byte, len(want))
				if _, err := io.ReadFull(b, got); err != nil || string(got) != want {
					t.Errorf("%q, %v", got, err)
				}
			})
		}
	}
	t.Run("not taken", func(t *testing.T) {
		t.Parallel()
		a, _ := netPair(t)
		ended := false
		c := websocket.NewConn(idleWriter{a}, websocket.Setup{Answer: []byte(answer), Ended: func(*websocket.Conn) { ended = true }}, websocket.Config{})
		if err := closeError(t, c.Err()); !errors.Is(err, io.ErrShortWrite) || !ended {
			t.Error(err, ended)
		}
	})
}

// TestParentContext: the context that a connection is made with ends it.
func TestParentContext(t *testing.T) {
	t.Parallel()
	a, _ := netPair(t)
	parent, cancel := context.WithCancel(context.WithValue(ctx, "key", "value"))
	c := websocket.NewConn(a, websocket.Setup{Context: parent}, websocket.Config{})
	if c.Context().Value("key") != "value" || c.Err() != nil {
		t.Error(c.Context(), c.Err())
	}
	cancel()
	_, _, err := c.Read(ctx)
	closeError(t, err)
	<-c.Done()
	if !errors.Is(c.Err(), context.Canceled) {
		t.Error(c.Err())
	}
}

func TestAllocs(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes pools forget")
	}
	c, s := tcpPair(t, websocket.Config{}, websocket.Config{})
	done := goEcho(s)
	msg := []byte(text(125))
	own, cancel := context.WithCancel(ctx)
	defer cancel()
	n := testing.AllocsPerRun(2000, func() {
		if err := c.Write(own, websocket.Text, msg); err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.Read(own); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations per echoed message", n)
	}
	c.Close(frame.CodeNormal, "")
	<-done
}

func BenchmarkEcho(b *testing.B) {
	for _, name := range []string{"tcp", "pipe"} {
		b.Run(name, func(b *testing.B) {
			c, s := pairs[name](b, websocket.Config{}, websocket.Config{})
			goEcho(s)
			msg := []byte(text(125))
			b.ReportAllocs()
			for b.Loop() {
				if err := c.Write(ctx, websocket.Binary, msg); err != nil {
					b.Fatal(err)
				}
				if _, _, err := c.Read(ctx); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
