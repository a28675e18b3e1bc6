package websocket_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"hawser/websocket"
	"hawser/websocket/frame"
)

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

// TestTextOfTheLongestSize: what is wrong with a text that is as long as it may be is that
// it's no text.
func TestTextOfTheLongestSize(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]frame.Code{1000: frame.CodeInvalidPayload, 1001: frame.CodeTooBig} {
		c, p := withPeer(t, frame.Server, false, websocket.Config{MaxMessage: 1000})
		p.send(frame.Header{Fin: true, Opcode: frame.Text}, text(n-1)+"\xff")
		if _, _, err := c.Read(ctx); code(err) != want {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

// TestReadWithAContextThatHasEnded: it returns nothing, and leaves a message that is there
// to the next call, in every way to read.
func TestReadWithAContextThatHasEnded(t *testing.T) {
	t.Parallel()
	c, s := websocket.Pipe(websocket.Config{}, websocket.Config{})
	defer c.CloseNow()
	if err := c.WriteBatch(ctx, websocket.Message{Type: websocket.Text, Data: []byte("a")}, websocket.Message{Type: websocket.Text, Data: []byte("b")}); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	for _, want := range []string{"a", "b"} { // with the second, bytes are there already
		if _, p, err := s.Read(ended); !errors.Is(err, context.Canceled) || p != nil {
			t.Errorf("%q, %v", p, err)
		}
		if _, r, err := s.Reader(ended); !errors.Is(err, context.Canceled) || r != nil {
			t.Error(err)
		}
		if _, p, err := s.Read(ctx); err != nil || string(p) != want {
			t.Errorf("%q, %v, want %q", p, err, want)
		}
	}
}
