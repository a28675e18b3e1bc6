package websocket_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
)

// slowPipe is the end of a pipe whose first write waits for the gate.
type slowPipe struct {
	websocket.Transport
	gate    chan bool
	waiting bool
}

func (s *slowPipe) Write(p []byte) (int, error) {
	if s.waiting {
		s.waiting = false
		<-s.gate
	}
	return s.Transport.Write(p)
}

// TestLargeMessageAtTheEnd: a long message that waits for another write while the peer
// closes is refused, and the answer goes out.
func TestLargeMessageAtTheEnd(t *testing.T) {
	t.Parallel()
	large := make([]byte, 100_000)
	ways := map[string]func(c *websocket.Conn) error{
		"Write": func(c *websocket.Conn) error { return c.Write(ctx, websocket.Binary, large) },
		"Send":  func(c *websocket.Conn) error { return c.Send(ctx, websocket.NewPrepared(websocket.Binary, large)) },
		"Writer": func(c *websocket.Conn) error {
			w, err := c.Writer(ctx, websocket.Binary)
			if err == nil {
				_, err = w.Write(large)
				err = errors.Join(err, w.Close())
			}
			return err
		},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 20 {
				synctest.Test(t, func(t *testing.T) {
					a, b := websocket.NewPipe()
					tr := &slowPipe{a, make(chan bool), true}
					c := websocket.NewConn(tr, websocket.Setup{Role: frame.Server}, websocket.Config{})
					go c.Write(ctx, websocket.Text, []byte("first"))
					synctest.Wait()
					sent := make(chan error, 1)
					go func() { sent <- way(c) }()
					synctest.Wait()
					p := &peer{t: t, role: frame.Server}
					b.Write(p.bytes(cls, status(1000, "")))
					go c.Read(ctx)
					synctest.Wait()
					close(tr.gate)
					wire, _ := io.ReadAll(b)
					b.Close()
					err := <-sent
					<-c.Done()
					o := observe(t, frame.Server, nil, wire)
					closeError(t, err)
					if !o.closed || len(o.messages) != 1 || o.messages[0] != "first" {
						t.Errorf("%d messages, closed %v; the message's error is %v", len(o.messages), o.closed, err)
					}
				})
				if t.Failed() {
					return
				}
			}
		})
	}
}

// TestPongAtTheEnd is line F18 with a pong that waits for its turn: when the Close
// frame is before it, it's not sent any more.
func TestPongAtTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := websocket.NewPipe()
		tr := &slowPipe{a, make(chan bool), true}
		c := websocket.NewConn(tr, websocket.Setup{Role: frame.Server}, websocket.Config{})
		go c.Write(ctx, websocket.Text, []byte("first"))
		synctest.Wait()
		w, err := c.Writer(ctx, websocket.Text) // a Close frame doesn't wait for its end
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, text(9000)) // more is pending than a pong is queued behind
		go c.Read(ctx)
		p := &peer{t: t, role: frame.Server}
		b.Write(p.bytes(ping, "late"))
		synctest.Wait()
		c.CloseWrite(1000, "")
		close(tr.gate)
		synctest.Wait()
		b.Write(p.bytes(cls, status(1000, "")))
		wire, _ := io.ReadAll(b)
		b.Close()
		<-c.Done()
		if o := observe(t, frame.Server, nil, wire); !o.closed {
			t.Errorf("%+v", o)
		}
	})
}

// TestParentEnds: what the connection's context is made of is no shortcut past
// the end of the connection.
func TestParentEnds(t *testing.T) {
	t.Parallel()
	for range 200 {
		a, _ := websocket.NewPipe()
		parent, cancel := context.WithCancelCause(ctx)
		c := websocket.NewConn(a, websocket.Setup{Context: parent}, websocket.Config{})
		because := errors.New("because")
		go cancel(because)
		<-c.Done()
		if e := closeError(t, c.Err()); !errors.Is(e, because) || context.Cause(c.Context()) != error(e) {
			t.Fatal(e, context.Cause(c.Context()))
		}
		if err := c.Close(frame.CodeNormal, ""); !errors.Is(err, because) {
			t.Fatal(err)
		}
	}
}

// countedContext counts what waits for its end.
type countedContext struct {
	context.Context
	done chan struct{}
	n    int
}

func (c *countedContext) Done() <-chan struct{} { return c.done }

func (c *countedContext) AfterFunc(func()) func() bool {
	c.n++
	return func() bool { c.n--; return true }
}

// TestParentForgets: a context that outlives the connection doesn't hold it.
func TestParentForgets(t *testing.T) {
	t.Parallel()
	counted := &countedContext{Context: ctx, done: make(chan struct{})}
	a, _ := websocket.NewPipe()
	c := websocket.NewConn(a, websocket.Setup{Context: counted}, websocket.Config{})
	c.CloseNow()
	if <-c.Done(); counted.n != 0 {
		t.Errorf("%d functions are left with the context", counted.n)
	}
}

// TestReadForgetsContext: a context that outlives the read that waited with it holds the
// connection only until a read with another one, or until the end.
func TestReadForgetsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := websocket.NewPipe()
		c := websocket.NewConn(a, websocket.Setup{}, websocket.Config{})
		counted := &countedContext{Context: ctx, done: make(chan struct{})}
		p := &peer{t: t}
		for _, other := range []context.Context{counted, ctx, counted} {
			go c.Read(other)
			synctest.Wait()
			want := 0
			if other == counted {
				want = 1
			}
			if counted.n != want {
				t.Errorf("%d functions with the context, want %d", counted.n, want)
			}
			b.Write(p.bytes(txt, ""))
			synctest.Wait()
		}
		c.CloseNow()
		synctest.Wait()
		if counted.n != 0 {
			t.Errorf("%d functions are left with the context", counted.n)
		}
	})
}

// TestReaderGivenUp: the reader of a message that was given up for the next one
// doesn't go on, even if the next one didn't come in time.
func TestReaderGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := websocket.NewPipe()
		c := websocket.NewConn(a, websocket.Setup{Role: frame.Client}, websocket.Config{})
		defer c.CloseNow()
		p := &peer{t: t, role: frame.Client}
		b.Write(p.bytes(more(bin), "first"))
		_, r, err := c.Reader(ctx)
		if err != nil {
			t.Fatal(err)
		}
		r.Read(make([]byte, 1))
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		go func() {
			time.Sleep(time.Millisecond)
			b.Write(p.bytes(more(fin), "second"))
		}()
		if _, _, err := c.Read(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		b.Write(append(p.bytes(fin, "third"), p.bytes(txt, "next")...))
		if b, err := io.ReadAll(r); err == nil || len(b) > 0 {
			t.Errorf("it went on with %q, %v", b, err)
		}
		if _, p, err := c.Read(ctx); string(p) != "next" || err != nil {
			t.Errorf("%q, %v", p, err)
		}
	})
}

// idleWriter is a transport that takes nothing and doesn't say why.
type idleWriter struct{ net.Conn }

func (idleWriter) Write([]byte) (int, error) { return 0, nil }

// TestNoProgress: a transport that takes nothing is not tried for ever.
func TestNoProgress(t *testing.T) {
	t.Parallel()
	a, _ := netPair(t)
	c := websocket.NewConn(idleWriter{a}, websocket.Setup{}, websocket.Config{WriteTimeout: -1})
	defer c.CloseNow()
	closeError(t, c.Write(ctx, websocket.Text, nil))
}
