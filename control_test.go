package websocket_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
)

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

// TestPingsTogether: pings that came together are answered together, and in order. Of
// more than there is room for the newest one is answered.
func TestPingsTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, tr, p := counted(t)
		defer c.CloseNow()
		go c.Read(ctx)
		var pings []byte
		for i := range 10 {
			pings = append(pings, p.bytes(ping, fmt.Sprint("ping ", i))...)
		}
		p.write(pings)
		for i := range 10 {
			p.expect(frame.Pong, fmt.Sprint("ping ", i))
		}
		if n := tr.count(); n != 1 {
			t.Errorf("%d writes for 10 pings", n)
		}
		const flood = 100_000
		go func() {
			p.write(bytes.Repeat(p.bytes(ping, "flood"), flood))
			p.write(p.bytes(ping, "newest"))
		}()
		for {
			h, payload, err := p.next()
			if err != nil || h.Opcode != frame.Pong {
				t.Fatal(h, err)
			}
			if payload == "newest" {
				break
			}
		}
		if n := tr.count(); n > flood/100 {
			t.Errorf("%d writes for %d pings", n, flood)
		}
		// One that comes alone is answered at once.
		start := time.Now()
		p.write(p.bytes(ping, "alone"))
		p.expect(frame.Pong, "alone")
		if d := time.Since(start); d != 0 {
			t.Errorf("a pong took %v", d)
		}
	})
}

// TestPingBeforeSlowHandler: a pong that waits for company doesn't wait for a handler
// that takes its time.
func TestPingBeforeSlowHandler(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _, p := counted(t)
		defer c.CloseNow()
		go p.write(append(p.bytes(ping, "?"), several(p, 1)...))
		if _, _, err := c.Read(ctx); err != nil { // and nothing is read after
			t.Fatal(err)
		}
		start := time.Now()
		p.expect(frame.Pong, "?")
		if d := time.Since(start); d > 20*time.Millisecond {
			t.Errorf("a pong took %v", d)
		}
	})
}
