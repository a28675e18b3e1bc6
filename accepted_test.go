package websocket_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
)

// TestAcceptedGoesOutFirst: what Post has accepted while another message was under
// way goes out before the Close frame, whoever closes.
func TestAcceptedGoesOutFirst(t *testing.T) {
	t.Parallel()
	long := strings.Repeat(text(100_000), 10)
	random := make([]byte, 1_000_000) // hardly compressible
	for i := range random {
		random[i] = byte(i * i >> 7 * 31)
	}
	under := map[string]func(c *websocket.Conn, begun chan<- bool){
		"a compressed Write": func(c *websocket.Conn, begun chan<- bool) {
			close(begun)
			c.Write(ctx, websocket.Binary, random)
		},
		"an uncompressed Write": func(c *websocket.Conn, begun chan<- bool) {
			close(begun)
			c.Write(ctx, websocket.Text|websocket.Uncompressed, []byte(long))
		},
		"a Writer": func(c *websocket.Conn, begun chan<- bool) {
			w, _ := c.Writer(ctx, websocket.Text)
			io.WriteString(w, long)
			close(begun)
			time.Sleep(time.Second)
			io.WriteString(w, "the end")
			if err := w.Close(); err != nil {
				panic(err)
			}
		},
		"a Send": func(c *websocket.Conn, begun chan<- bool) {
			close(begun)
			c.Send(ctx, websocket.NewPrepared(websocket.Text, []byte(long)))
		},
	}
	ends := map[string]func(c *websocket.Conn, b io.Writer){
		"Close":      func(c *websocket.Conn, b io.Writer) { go c.Close(1000, "") },
		"CloseWrite": func(c *websocket.Conn, b io.Writer) { c.CloseWrite(1000, ""); go c.Read(ctx) },
		"the peer":   func(c *websocket.Conn, b io.Writer) { b.Write((&peer{}).bytes(cls, status(1000, ""))); go c.Read(ctx) },
		"a breach":   func(c *websocket.Conn, b io.Writer) { b.Write((&peer{}).bytes(more(ping), "")); go c.Read(ctx) },
	}
	for name, writing := range under {
		for how, end := range ends {
			t.Run(name+"/"+how, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					a, b := websocket.NewPipe()
					k := &websocket.Compression{Send: websocket.Window{NoTakeover: true}}
					c := websocket.NewConn(a, websocket.Setup{Deflate: &noTakeover}, websocket.Config{Compression: k})
					begun := make(chan bool)
					go writing(c, begun)
					<-begun
					synctest.Wait()
					if err := c.Post(websocket.NewPrepared(websocket.Text, []byte("posted"))); err != nil {
						t.Fatal(err)
					}
					end(c, b)
					synctest.Wait()
					wire, err := io.ReadAll(b)
					if err != nil {
						t.Error(err)
					}
					b.Close()
					<-c.Done()
					o := observe(t, frame.Server, &noTakeover, wire)
					if n := len(o.messages); n == 0 || o.messages[n-1] != "posted" || !o.closed {
						t.Errorf("%d messages, closed %v", n, o.closed)
					}
				})
			})
		}
	}
}

// TestUnfinishedWriterAtTheEnd: a Writer that is never closed holds up what was posted
// behind it, but not for longer than the close timeout.
func TestUnfinishedWriterAtTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s := websocket.Pipe(websocket.Config{CloseTimeout: 3 * time.Second}, websocket.Config{})
		go s.Read(ctx)
		w, err := c.Writer(ctx, websocket.Text)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, text(10_000))
		if err := c.Post(websocket.NewPrepared(websocket.Text, nil)); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if err := c.Close(1000, ""); !errors.Is(err, websocket.ErrCloseTimeout) {
			t.Error(err)
		}
		if d := time.Since(start); d != 3*time.Second {
			t.Error("after", d)
		}
		closeError(t, w.Close())
		<-s.Done()
	})
}

// TestCloseSendsFirst: what was accepted goes out before the Close frame, and
// what the peer still sends is read.
func TestCloseSendsFirst(t *testing.T) {
	t.Parallel()
	forPairs(t, large, func(t *testing.T, c, s *websocket.Conn) {
		done := goEcho(s)
		const n = 1000
		go func() {
			for i := range n {
				if err := c.Write(ctx, websocket.Text, []byte(fmt.Sprint(i))); err != nil {
					t.Error(err)
				}
			}
			c.Post(websocket.NewPrepared(websocket.Text, []byte("posted")))
			if err := c.CloseWrite(1000, ""); err != nil {
				t.Error(err)
			}
			closeError(t, c.Write(ctx, websocket.Text, nil))
			closeError(t, c.CloseWrite(1000, ""))
		}()
		got := 0
		for m, err := range c.Messages(ctx) {
			want := fmt.Sprint(got)
			if got == n {
				want = "posted"
			}
			if err != nil || string(m.Data) != want {
				t.Fatalf("%q, %v; want %q", m.Data, err, want)
			}
			got++
		}
		if got != n+1 {
			t.Errorf("%d messages of %d", got, n+1)
		}
		if e := closeError(t, <-done); e.Code != 1000 {
			t.Error(e)
		}
	})
}

// TestWhatIsBeingWrittenArrives: a message that a goroutine is writing when the peer ends
// its direction arrives whole, before the transport is closed.
func TestWhatIsBeingWrittenArrives(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		far, near := websocket.NewPipe()
		c := websocket.NewConn(near, websocket.Setup{Role: frame.Server}, websocket.Config{})
		message := text(100_000) // more than the pipe holds
		if err := c.Post(websocket.NewPrepared(websocket.Binary, []byte(message))); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // the goroutine writes, and waits
		far.(interface{ CloseWrite() error }).CloseWrite()
		if _, _, err := c.Read(ctx); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Error(err)
		}
		synctest.Wait()
		got, err := io.ReadAll(far)
		want := frame.Append(nil, frame.Header{Fin: true, Opcode: frame.Binary}, []byte(message))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes of %d arrived, %v", len(got), len(want), err)
		}
		<-c.Done()
	})
}

// TestWritesThatFailByTimeEndAtOnce: a peer that takes nothing, or a write whose context
// ends in the midst of a frame, leaves nothing to wait for.
func TestWritesThatFailByTimeEndAtOnce(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cfg   websocket.Config
		limit time.Duration // of the context; 0 for none
		want  error
	}{
		"write timeout":    {websocket.Config{WriteTimeout: time.Second}, 0, websocket.ErrWriteTimeout},
		"context canceled": {websocket.Config{}, time.Second, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				far, near := websocket.NewPipe()
				defer far.Close()
				c := websocket.NewConn(near, websocket.Setup{Role: frame.Server}, test.cfg)
				limited, cancel := context.WithCancel(ctx)
				defer cancel()
				if test.limit > 0 {
					time.AfterFunc(test.limit, cancel)
				}
				start := time.Now()
				err := c.Write(limited, websocket.Binary, make([]byte, 1<<20))
				if !errors.Is(err, test.want) {
					t.Error(err)
				}
				<-c.Done()
				if d := time.Since(start); d != time.Second {
					t.Errorf("it was over after %v", d)
				}
				if err := c.Err(); !errors.Is(err, test.want) {
					t.Error(err)
				}
			})
		})
	}
}

// TestALongWriteThatHasNotBegun: if its context ends while somebody else is writing, the
// connection stays as it is.
func TestALongWriteThatHasNotBegun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		far, near := websocket.NewPipe()
		c := websocket.NewConn(near, websocket.Setup{Role: frame.Server}, websocket.Config{})
		defer far.Close()
		defer c.CloseNow()
		message := text(100_000) // more than the pipe holds
		if err := c.Post(websocket.NewPrepared(websocket.Binary, []byte(message))); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // a goroutine writes, and waits
		limited, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if err := c.Write(limited, websocket.Binary, make([]byte, 1<<20)); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		rd := frame.NewReader(far, frame.Rules{Role: frame.Client}, 0)
		for _, want := range []string{message, "and on it goes"} {
			if want != message {
				if err := c.Write(ctx, websocket.Binary, []byte(want)); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := rd.Next(); err != nil {
				t.Fatal(err)
			}
			if p, err := rd.Payload(); string(p) != want || err != nil {
				t.Errorf("%d bytes, want %d; %v", len(p), len(want), err)
			}
		}
	})
}

// TestAWriterThatIsCutLetsTheEndBeClean: its next write fails, and the closing handshake
// goes on.
func TestAWriterThatIsCutLetsTheEndBeClean(t *testing.T) {
	t.Parallel()
	c, s := websocket.Pipe(websocket.Config{}, websocket.Config{})
	w, err := c.Writer(ctx, websocket.Binary)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, 50_000)); err != nil { // a frame of it has gone out
		t.Fatal(err)
	}
	if err := c.CloseWrite(1000, "enough"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, 50_000)); closeError(t, err).SentReason != "enough" {
		t.Error(err)
	}
	go s.Read(ctx)
	_, _, err = c.Read(ctx)
	if e := closeError(t, err); e.Err != nil || e.Code != 1000 {
		t.Error(e)
	}
	<-s.Done()
}
