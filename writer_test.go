package websocket_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"hawser/websocket"
	"hawser/websocket/frame"
)

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

// TestWriterHolds: messages wait for one that is being written in parts.
func TestWriterHolds(t *testing.T) {
	t.Parallel()
	forPairs(t, large, func(t *testing.T, c, s *websocket.Conn) {
		w, err := c.Writer(ctx, websocket.Text)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, "first")
		short := &watchedContext{ctx, make(chan struct{}), make(chan bool, 100)}
		canceled, errs := make(chan error), make(chan error)
		go func() { canceled <- c.Write(short, websocket.Text, []byte("canceled")) }()
		<-short.watched // it waits for its turn
		go func() { errs <- c.Write(ctx, websocket.Text, []byte("second")) }()
		close(short.done)
		if err := <-canceled; !errors.Is(err, context.Canceled) || errors.Is(err, net.ErrClosed) {
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

// TestWriterGivenUp: a message that was given up before its first frame went out
// leaves no trace in the context of the next.
func TestWriterGivenUp(t *testing.T) {
	t.Parallel()
	c, s := deflatePair(t, websocket.Compression{}, websocket.Compression{})
	go func() {
		c.Write(ctx, websocket.Text, []byte(text(500)))
		cut, cancel := context.WithCancel(ctx)
		defer cancel()
		w, err := c.Writer(cut, websocket.Text)
		if err != nil {
			t.Error(err)
			return
		}
		cancel()
		_, err = w.Write([]byte(strings.Repeat("what is never sent ", 10_000)))
		if err = errors.Join(err, w.Close()); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		c.Write(ctx, websocket.Text, []byte(strings.Repeat("what is never sent ", 10)))
	}()
	for _, want := range []string{text(500), strings.Repeat("what is never sent ", 10)} {
		if _, got, err := s.Read(ctx); err != nil || string(got) != want {
			t.Fatalf("%.40q, %v", got, err)
		}
	}
}

// TestCloseInWriter: Close doesn't wait for a message that is never finished.
func TestCloseInWriter(t *testing.T) {
	t.Parallel()
	forPairs(t, large, func(t *testing.T, c, s *websocket.Conn) {
		done := goEcho(s)
		w, err := c.Writer(ctx, websocket.Text)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, text(10_000))
		waiting := make(chan error)
		go func() { waiting <- c.Write(ctx, websocket.Text, nil) }()
		if err := c.Close(1000, ""); err != nil {
			t.Error(err)
		}
		closeError(t, <-waiting)
		_, err = io.WriteString(w, text(10_000))
		closeError(t, err)
		closeError(t, w.Close())
		if e := closeError(t, <-done); e.Code != 1000 || e.Err != nil {
			t.Error(e)
		}
	})
}
