package websocket_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
)

// TestTraceCallsBack: a function of a Trace may call the methods of the Conn that
// don't wait, for no lock is held.
func TestTraceCallsBack(t *testing.T) {
	t.Parallel()
	calls := func(c *websocket.Conn, h frame.Header) {
		c.Context().Value("key")
		c.Context().Err()
		c.Done()
		c.Err()
		c.Compressed()
		c.RemoteAddr()
		c.SetMaxMessage(1 << 20)
		if h.Opcode == frame.Text {
			c.Post(websocket.NewPrepared(websocket.Binary, []byte("posted")))
			c.Pong(ctx, []byte("pong"))
		}
		if h.Opcode == frame.Binary && h.Length == 7 {
			c.CloseWrite(4000, "")
		}
	}
	for name, trace := range map[string]*websocket.Trace{"sent": {FrameSent: calls}, "received": {FrameReceived: calls}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, s := websocket.Pipe(websocket.Config{}, websocket.Config{Trace: trace})
				done := goEcho(s)
				long := []byte(text(200_000))
				if err := c.Write(ctx, websocket.Text, long); err != nil {
					t.Fatal(err)
				}
				if _, p, err := c.Read(ctx); string(p) != "posted" && !bytes.Equal(p, long) || err != nil {
					t.Fatalf("%.20q, %v", p, err)
				}
				go c.Write(ctx, websocket.Binary, []byte("the end"))
				for {
					if _, _, err := c.Read(ctx); err != nil {
						if websocket.CloseCode(err) != 4000 {
							t.Error(err)
						}
						break
					}
				}
				closeError(t, <-done)
				s.Close(1000, "") // the echo may have ended when it couldn't write
			})
		})
	}
}

// TestTracePanics: one that panics leaves no lock and no turn taken: reading and
// writing go on where they were.
func TestTracePanics(t *testing.T) {
	t.Parallel()
	caught := func(t *testing.T, f func()) {
		t.Helper()
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		f()
	}
	armed := false
	bomb := func(*websocket.Conn, frame.Header) {
		if armed {
			armed = false
			panic("oh no")
		}
	}
	long := text(200_000)
	t.Run("sent", func(t *testing.T) {
		writes := map[string]func(c *websocket.Conn, p []byte){
			"Write": func(c *websocket.Conn, p []byte) { c.Write(ctx, websocket.Text, p) },
			"Send":  func(c *websocket.Conn, p []byte) { c.Send(ctx, websocket.NewPrepared(websocket.Text, p)) },
			"Writer": func(c *websocket.Conn, p []byte) {
				w, _ := c.Writer(ctx, websocket.Text)
				defer func() {
					r := recover()
					w.Write(p[len(p)/2:])
					w.Close()
					if r != nil {
						panic(r)
					}
				}()
				w.Write(p[:len(p)/2])
			},
		}
		for name, write := range writes {
			for _, message := range []string{"short", long} {
				c, s := tcpPair(t, websocket.Config{}, websocket.Config{Trace: &websocket.Trace{FrameSent: bomb}})
				go s.Read(ctx)
				armed = true
				go func() {
					caught(t, func() { write(s, []byte(message)) })
					write(s, []byte("after"))
				}()
				for _, want := range []string{message, "after"} {
					if _, p, err := c.Read(ctx); string(p) != want || err != nil {
						t.Fatalf("%s: %d bytes %.20q, %v; want %d", name, len(p), p, err, len(want))
					}
				}
			}
		}
	})
	t.Run("received", func(t *testing.T) {
		reads := map[string]func(c *websocket.Conn) (string, error){
			"Read": func(c *websocket.Conn) (string, error) { _, p, err := c.Read(ctx); return string(p), err },
			"Reader": func(c *websocket.Conn) (string, error) {
				_, r, err := c.Reader(ctx)
				if err != nil {
					return "", err
				}
				p, err := io.ReadAll(r)
				return string(p), err
			},
		}
		for name, read := range reads {
			c, s := tcpPair(t, websocket.Config{}, websocket.Config{Trace: &websocket.Trace{FrameReceived: bomb}})
			go c.Write(ctx, websocket.Text, []byte(long))
			armed = true
			caught(t, func() { read(s) })
			if got, err := read(s); got != long || err != nil {
				t.Errorf("%s: %d bytes, %v", name, len(got), err)
			}
		}
	})
}

// countWriter returns what it's told to.
type countWriter struct {
	n   func(p []byte) int
	err error
	got bytes.Buffer
}

func (w *countWriter) Write(p []byte) (int, error) {
	n := w.n(p)
	w.got.Write(p[:max(min(n, len(p)), 0)])
	return n, w.err
}

// TestWriteToCounts: writers that return what they must not get the errors that
// io.Copy has for them, and the message can be read on.
func TestWriteToCounts(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	tests := map[string]struct {
		n       func(p []byte) int
		err     error
		want    error
		message string // a part of the error, instead
	}{
		"nothing":  {func([]byte) int { return 0 }, nil, io.ErrShortWrite, ""},
		"less":     {func(p []byte) int { return len(p) / 2 }, nil, io.ErrShortWrite, ""},
		"more":     {func(p []byte) int { return len(p) + 1 }, nil, nil, "impossible count"},
		"negative": {func([]byte) int { return -1 }, nil, nil, "impossible count"},
		"an error": {func(p []byte) int { return len(p) / 2 }, broken, broken, ""},
	}
	for name, tt := range tests {
		c, s := tcpPair(t, websocket.Config{}, websocket.Config{})
		go c.Write(ctx, websocket.Text, []byte("0123456789"))
		_, r, err := s.Reader(ctx)
		if err != nil {
			t.Fatal(err)
		}
		w := &countWriter{n: tt.n, err: tt.err}
		n, err := r.(io.WriterTo).WriteTo(w)
		if tt.want != nil && !errors.Is(err, tt.want) || err == nil || !strings.Contains(err.Error(), tt.message) {
			t.Errorf("%s: %v", name, err)
		}
		if tt.message != "" {
			w.got.Reset() // nothing counts
		}
		rest, err := io.ReadAll(r)
		if got := w.got.String() + string(rest); got != "0123456789" || err != nil || n != int64(w.got.Len()) {
			t.Errorf("%s: %d bytes written, the message is %q, %v", name, n, got, err)
		}
	}
}

// TestTimeouts: what took too long is a timeout for everybody who looks for one.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		cfg  websocket.Config
		end  func(c *websocket.Conn)
		want error
		text string
	}{
		"ping": {websocket.Config{PingInterval: 30 * time.Second}, func(c *websocket.Conn) { c.Read(ctx) },
			websocket.ErrPingTimeout, "ping timeout: no data received for 20s"},
		"write": {websocket.Config{}, func(c *websocket.Conn) { c.Write(ctx, websocket.Binary, make([]byte, 1<<20)) },
			websocket.ErrWriteTimeout, "write timeout: peer is not reading"},
		"close": {websocket.Config{}, func(c *websocket.Conn) { c.Close(1000, "") },
			websocket.ErrCloseTimeout, "close timeout: no answer to the close frame"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a, _ := websocket.NewPipe()
				c := websocket.NewConn(a, websocket.Setup{}, tt.cfg)
				tt.end(c)
				<-c.Done()
				err := c.Err()
				var timeout net.Error
				if !errors.As(err, &timeout) || !timeout.Timeout() || !errors.Is(err, os.ErrDeadlineExceeded) || !errors.Is(err, tt.want) {
					t.Errorf("%v is no timeout", err)
				}
				for _, other := range []error{websocket.ErrPingTimeout, websocket.ErrWriteTimeout, websocket.ErrCloseTimeout} {
					if other != tt.want && errors.Is(err, other) {
						t.Errorf("%v is also %v", err, other)
					}
				}
				if !strings.Contains(err.Error(), tt.text) {
					t.Errorf("%q lacks %q", err, tt.text)
				}
			})
		})
	}
}
