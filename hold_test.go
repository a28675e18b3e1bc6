package websocket_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
)

// TestCoalesce: messages that came together are answered together.
func TestCoalesce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, tr, p := counted(t)
		go echo(c)
		for round := range 3 {
			p.write(several(p, 16))
			for i := range 16 {
				p.expect(frame.Text, fmt.Sprint("message ", i))
			}
			if n := tr.count(); n != round+1 {
				t.Errorf("%d writes after round %d", n, round)
			}
		}
		p.Close()
		<-c.Done()
	})
}

// TestNeverDelayed: what answers the last message that came goes out at once, and
// the rest with it.
func TestNeverDelayed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _, p := counted(t)
		defer c.CloseNow()
		start := time.Now()
		go func() {
			p.write(several(p, 3))
		}()
		for i := range 3 {
			if _, _, err := c.Read(ctx); err != nil {
				t.Fatal(err)
			}
			done := make(chan error)
			go func() { done <- c.Write(ctx, websocket.Binary, []byte{byte(i)}) }()
			if i == 2 {
				for j := range 3 {
					p.expect(frame.Binary, string(rune(j)))
				}
			}
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if d := time.Since(start); d > 0 {
			t.Errorf("an answer took %v", d)
		}
	})
}

// TestPingBehind: a ping behind a message makes nobody wait for another message.
func TestPingBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _, p := counted(t)
		go p.write(append(several(p, 1), p.bytes(frame.Header{Fin: true, Opcode: frame.Ping}, "")...))
		if _, _, err := c.Read(ctx); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() { c.Read(ctx); close(ended) }()
		p.expect(frame.Pong, "")
		synctest.Wait() // the reader waits for a message
		start := time.Now()
		go c.Write(ctx, websocket.Text, []byte("news"))
		p.expect(frame.Text, "news")
		if d := time.Since(start); d > 0 {
			t.Errorf("it took %v", d)
		}
		c.CloseNow()
		<-ended
	})
}

// TestHoldEnds: an answer that's held goes out soon, whatever its writer does
// then; at once if the reader needs more bytes, if much is held, and before the
// connection ends.
func TestHoldEnds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		then  func(c *websocket.Conn)
		after time.Duration // at most
	}{
		{"nothing", func(*websocket.Conn) {}, time.Millisecond},
		{"read", func(c *websocket.Conn) { c.Read(ctx); c.Read(ctx) }, 0},
		{"close", func(c *websocket.Conn) { c.Close(frame.CodeNormal, "") }, 0},
		{"close write", func(c *websocket.Conn) { c.CloseWrite(frame.CodeNormal, "") }, 0},
		{"ping", func(c *websocket.Conn) { c.Ping(ctx, nil) }, 0},
		{"much", func(c *websocket.Conn) { c.Write(ctx, websocket.Text, make([]byte, 100_000)) }, 0},
		{"post", func(c *websocket.Conn) { c.Post(websocket.NewPrepared(websocket.Text, nil)) }, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, _, p := counted(t)
				go p.write(several(p, 2))
				if _, _, err := c.Read(ctx); err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				if err := c.Write(ctx, websocket.Text, []byte("answer")); err != nil {
					t.Fatal(err)
				}
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					tt.then(c)
				}()
				p.expect(frame.Text, "answer")
				if d := time.Since(start); d > tt.after {
					t.Errorf("it took %v", d)
				}
				go io.Copy(io.Discard, p.Conn)
				c.CloseNow()
				<-ended
			})
		})
	}
}

// TestBegunMessage: when only the beginning of the next message has come, the
// answer doesn't wait for the rest, but at most for the reader.
func TestBegunMessage(t *testing.T) {
	t.Parallel()
	for _, plain := range []bool{false, true} {
		t.Run(fmt.Sprint("plain=", plain), func(t *testing.T) {
			t.Parallel()
			c, p := withPeer(t, frame.Server, plain, websocket.Config{})
			ended := make(chan struct{})
			go func() { echo(c); close(ended) }()
			for range 3 {
				next := p.bytes(frame.Header{Fin: true, Opcode: frame.Binary}, string(make([]byte, 200_000)))
				for _, cut := range []int{1, 7, 1000, 100_000} {
					p.write(append(several(p, 1), next[:cut]...))
					p.expect(frame.Text, "message 0")
					go p.write(next[cut:])
					p.expect(frame.Binary, string(make([]byte, 200_000)))
				}
			}
			p.Close()
			<-ended
		})
	}
}

// TestHeldBeforeCloseNow: on a socket what was accepted has left even before the
// connection is cut.
func TestHeldBeforeCloseNow(t *testing.T) {
	t.Parallel()
	c, p := withPeer(t, frame.Server, false, websocket.Config{})
	p.write(several(p, 2))
	for range 2 { // so that both have come
		if _, _, err := c.Read(ctx); err != nil {
			t.Fatal(err)
		}
	}
	p.write(several(p, 2))
	if _, _, err := c.Read(ctx); err != nil {
		t.Fatal(err)
	}
	if err := c.Write(ctx, websocket.Text, []byte("answer")); err != nil {
		t.Fatal(err)
	}
	go c.CloseNow()
	p.expect(frame.Text, "answer")
}

// TestHeldSizes: what's held back stays in order with messages that are too long
// for that, and with those that make it too much.
func TestHeldSizes(t *testing.T) {
	t.Parallel()
	for _, plain := range []bool{false, true} {
		for _, sizes := range [][]int{
			{1, 100_000, 2, 3},
			{100_000, 1, 2},
			{1, 4000, 90, 4100, 20_000, 5},
			slices.Repeat([]int{125, 126, 1000}, 150),
			slices.Repeat([]int{16 << 10}, 9),
		} {
			t.Run(fmt.Sprintf("plain=%v %.4v", plain, sizes), func(t *testing.T) {
				t.Parallel()
				c, p := withPeer(t, frame.Server, plain, websocket.Config{})
				p.write(several(p, 2))
				if _, _, err := c.Read(ctx); err != nil {
					t.Fatal(err)
				}
				go func() {
					for i, n := range sizes {
						if err := c.Write(ctx, websocket.Binary, bytes.Repeat([]byte{byte(i)}, n)); err != nil {
							t.Error(err)
						}
					}
				}()
				for i, n := range sizes {
					p.expect(frame.Binary, strings.Repeat(string([]byte{byte(i)}), n))
				}
			})
		}
	}
}

// TestHeldError: a write that failed later is told by the next call.
func TestHeldError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, tr, p := counted(t)
		go p.write(several(p, 2))
		if _, _, err := c.Read(ctx); err != nil {
			t.Fatal(err)
		}
		broken := errors.New("broken")
		tr.mu.Lock()
		tr.err = broken
		tr.mu.Unlock()
		if err := c.Write(ctx, websocket.Text, []byte("answer")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond) // until it's tried
		synctest.Wait()
		if err := c.Write(ctx, websocket.Text, []byte("another")); !errors.Is(err, broken) {
			t.Error(err)
		}
		c.CloseNow()
		p.Close()
	})
}

// TestManyWritersHeld: a goroutine that isn't the reader's may write whenever it
// likes, and nothing is lost.
func TestManyWritersHeld(t *testing.T) {
	t.Parallel()
	c, s := tcpPair(t, websocket.Config{}, websocket.Config{})
	const writers, each = 4, 500
	go func() {
		for m, err := range s.Messages(context.Background()) {
			if err != nil || s.Write(ctx, m.Type, m.Data) != nil {
				return
			}
		}
	}()
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				if err := s.Write(ctx, websocket.Binary, []byte{byte(w), byte(i), byte(i >> 8)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Go(func() {
		for i := range each {
			if err := c.Write(ctx, websocket.Binary, []byte{writers, byte(i), byte(i >> 8)}); err != nil {
				t.Error(err)
			}
		}
	})
	var next [writers + 1]int
	for range (writers + 1) * each {
		_, p, err := c.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		w, i := p[0], int(p[1])|int(p[2])<<8
		if next[w] != i {
			t.Fatalf("writer %d: message %d; want %d", w, i, next[w])
		}
		next[w]++
	}
	wg.Wait()
}
