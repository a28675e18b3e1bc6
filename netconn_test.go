package websocket_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
)

func TestNetConn(t *testing.T) {
	t.Parallel()
	forPairs(t, large, func(t *testing.T, c, s *websocket.Conn) {
		a, b := websocket.NetConn(c, websocket.Binary), websocket.NetConn(s, websocket.Binary)
		go func() {
			for _, part := range []string{"Hel", "", "lo, ", "world"} {
				if _, err := io.WriteString(a, part); err != nil {
					t.Error(err)
				}
			}
			if err := a.Close(); err != nil {
				t.Error(err)
			}
		}()
		got, err := io.ReadAll(b)
		if string(got) != "Hello, world" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		if a.LocalAddr() == nil || b.RemoteAddr().Network() == "" || b.RemoteAddr().String() == "" {
			t.Error("no addresses")
		}
		<-c.Done()
		if _, err := a.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
}

// TestNetConnLongWrites: a stream has no messages, so that no limit of either side is
// one of the stream.
func TestNetConnLongWrites(t *testing.T) {
	t.Parallel()
	compressing := websocket.Config{Compression: &websocket.Compression{}}
	for name, cfg := range map[string]websocket.Config{"": {}, "compressed": compressing, "small_limits": {MaxMessage: 32 << 10, MaxFragments: 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pairs := map[string]func() (c, s *websocket.Conn){
				"tcp":  func() (c, s *websocket.Conn) { return tcpPair(t, cfg, cfg) },
				"tls":  func() (c, s *websocket.Conn) { return tlsPair(t, cfg, cfg) },
				"Pipe": func() (c, s *websocket.Conn) { return websocket.Pipe(cfg, cfg) },
			}
			for name, pair := range pairs {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					c, s := pair()
					want := []byte(text(3 << 20))
					copied := make(chan error, 2)
					for _, c := range []*websocket.Conn{c, s} {
						n := websocket.NetConn(c, websocket.Binary)
						go func() {
							_, err := io.Copy(n, struct{ io.Reader }{bytes.NewReader(want)})
							if err == nil {
								_, err = n.Write(want)
							}
							n.(interface{ CloseWrite() error }).CloseWrite()
							copied <- err
						}()
						go func() {
							got, err := io.ReadAll(n)
							if err == nil && !bytes.Equal(got, append(want, want...)) {
								err = fmt.Errorf("%d bytes, or others", len(got))
							}
							copied <- err
						}()
					}
					for range 4 {
						if err := <-copied; err != nil {
							t.Error(err)
						}
					}
					<-c.Done()
					<-s.Done()
				})
			}
		})
	}
}

// TestNetConnLongMessages: a message of the peer may be as long as it likes.
func TestNetConnLongMessages(t *testing.T) {
	t.Parallel()
	cfg := websocket.Config{Compression: &websocket.Compression{}, MaxMessage: 1000, MaxFragments: 10}
	long := text(3 << 20)
	tests := []struct {
		name string
		send func(c *websocket.Conn) error
	}{
		{"one_frame", func(c *websocket.Conn) error {
			return c.Write(ctx, websocket.Binary|websocket.Uncompressed, []byte(long))
		}},
		{"compressed", func(c *websocket.Conn) error { return c.Write(ctx, websocket.Binary, []byte(long)) }},
		{"many_frames", func(c *websocket.Conn) error {
			w, err := c.Writer(ctx, websocket.Binary|websocket.Uncompressed)
			if err != nil {
				return err
			}
			for part := range strings.SplitSeq(long, "\n") {
				io.WriteString(w, part+"\n")
			}
			return w.Close()
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, s := tcpPair(t, cfg, cfg)
			go func() {
				if err := tt.send(c); err != nil {
					t.Error(err)
				}
				c.Close(frame.CodeNormal, "")
			}()
			got, err := io.ReadAll(websocket.NetConn(s, websocket.Binary))
			if strings.TrimSuffix(string(got), "\n") != strings.TrimSuffix(long, "\n") || err != nil {
				t.Errorf("%d bytes of %d, %v", len(got), len(long), err)
			}
		})
	}
}

// TestNetConnMemory: what a header promises is neither refused nor held.
func TestNetConnMemory(t *testing.T) {
	c, p := withPeer(t, frame.Server, false, websocket.Config{})
	n := websocket.NetConn(c, websocket.Binary)
	p.write(append(frame.Header{Fin: true, Opcode: frame.Binary, Length: 1 << 40, Masked: true}.Append(nil), "all there is"...))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got := make([]byte, 12)
	if _, err := io.ReadFull(n, got); string(got) != "all there is" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 1<<20 {
		t.Error(after.TotalAlloc - before.TotalAlloc)
	}
	n.SetReadDeadline(time.Now())
	_, err := n.Read(got)
	timedOut(t, err)
}

// TestNetConnUncompressed: the flag is about what is sent, and no type by itself.
func TestNetConnUncompressed(t *testing.T) {
	t.Parallel()
	cfg := websocket.Config{Compression: &websocket.Compression{}}
	for _, typ := range []websocket.MessageType{websocket.Text, websocket.Binary} {
		c, s := websocket.Pipe(cfg, cfg)
		a, b := websocket.NetConn(c, typ|websocket.Uncompressed), websocket.NetConn(s, typ|websocket.Uncompressed)
		go func() {
			io.Copy(b, b)
			b.Close()
		}()
		go fmt.Fprint(a, text(100_000))
		got := make([]byte, 100_000)
		if _, err := io.ReadFull(a, got); string(got) != text(100_000) || err != nil {
			t.Error(typ, err)
		}
		a.Close()
		<-c.Done()
	}
}

// TestNetConnText: a stream of text may be cut anywhere, its messages may not.
func TestNetConnText(t *testing.T) {
	t.Parallel()
	want := strings.Repeat("a\u00e9\u20ac\U0001f600", 10_000)
	for _, size := range []int{1, 2, 3, 5, 1000, 32 << 10, len(want)} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			c, s := websocket.Pipe(websocket.Config{}, websocket.Config{})
			go func() {
				n := websocket.NetConn(c, websocket.Text)
				for p := []byte(want); len(p) > 0; {
					k, err := n.Write(p[:min(len(p), size)])
					if err != nil {
						t.Error(err)
						return
					}
					p = p[k:]
				}
				if err := n.Close(); err != nil {
					t.Error(err)
				}
			}()
			got, err := io.ReadAll(websocket.NetConn(s, websocket.Text))
			if string(got) != want || err != nil {
				t.Errorf("%d bytes of %d, %v", len(got), len(want), err)
			}
		})
	}
	t.Run("ends_inside_of_a_character", func(t *testing.T) {
		t.Parallel()
		c, s := websocket.Pipe(websocket.Config{}, websocket.Config{})
		n := websocket.NetConn(c, websocket.Text)
		fmt.Fprint(n, "abc\xe2\x82")
		if err := n.Close(); err == nil {
			t.Error("nothing is said of the bytes that can't be sent")
		}
		if got, err := io.ReadAll(websocket.NetConn(s, websocket.Text)); string(got) != "abc" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	})
}

// TestNetConnNothing: reading or writing no bytes is no message and waits for nobody.
func TestNetConnNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s, a, b := streams(websocket.Config{}, websocket.Config{})
		go b.Read(make([]byte, 1)) // holds the turn
		synctest.Wait()
		for _, call := range []func([]byte) (int, error){a.Write, b.Read} {
			if n, err := call(nil); n != 0 || err != nil {
				t.Error(n, err)
			}
		}
		a.SetWriteDeadline(time.Unix(1, 0))
		_, err := a.Write(nil)
		timedOut(t, err)
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		<-s.Done()
		if _, err := a.Read(nil); err != net.ErrClosed {
			t.Error(err)
		}
		<-c.Done()
	})
}

// TestNetConnWritesDoNotMix, however long they are and however many.
func TestNetConnWritesDoNotMix(t *testing.T) {
	t.Parallel()
	forPairs(t, websocket.Config{}, func(t *testing.T, c, s *websocket.Conn) {
		const size, writers = 200_000, 4
		a, b := websocket.NetConn(c, websocket.Binary), websocket.NetConn(s, websocket.Binary)
		var wg sync.WaitGroup
		for i := range writers {
			wg.Go(func() {
				for range 3 {
					if n, err := a.Write(bytes.Repeat([]byte{byte(i)}, size)); n != size || err != nil {
						t.Error(n, err)
					}
				}
			})
		}
		go func() {
			wg.Wait()
			a.Close()
		}()
		got, err := io.ReadAll(b)
		if len(got) != 3*writers*size || err != nil {
			t.Error(len(got), err)
		}
		for len(got) >= size {
			if !bytes.Equal(got[:size], bytes.Repeat(got[:1], size)) {
				t.Error("a write was cut in two by another")
			}
			got = got[size:]
		}
	})
}

// TestNetConnReadsShare: several Reads at once take turns, and lose nothing.
func TestNetConnReadsShare(t *testing.T) {
	t.Parallel()
	forPairs(t, websocket.Config{}, func(t *testing.T, c, s *websocket.Conn) {
		a, b := websocket.NetConn(c, websocket.Binary), websocket.NetConn(s, websocket.Binary)
		var mu sync.Mutex
		var total int
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				p := make([]byte, 777)
				for {
					n, err := b.Read(p)
					mu.Lock()
					total += n
					mu.Unlock()
					if err == io.EOF {
						return
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		a.Write(make([]byte, 1_000_000))
		a.Close()
		wg.Wait()
		if total != 1_000_000 {
			t.Error(total)
		}
	})
}

// TestReadAfterNetConn: a message of which a net.Conn has seen only the header is subject
// to the limit when Read is to return it.
func TestReadAfterNetConn(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]frame.Code{100: 0, 101: frame.CodeTooBig} {
		synctest.Test(t, func(t *testing.T) {
			far, near := websocket.NewPipe()
			c := websocket.NewConn(near, websocket.Setup{Role: frame.Client}, websocket.Config{MaxMessage: 100})
			defer far.Close()
			defer c.CloseNow()
			whole := frame.Append(nil, frame.Header{Fin: true, Opcode: frame.Binary}, []byte(text(size)))
			far.Write(whole[:2])
			nc := websocket.NetConn(c, websocket.Binary)
			nc.SetReadDeadline(time.Now().Add(time.Second))
			if _, err := nc.Read(make([]byte, 10)); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error(err)
			}
			far.Write(whole[2:])
			_, p, err := c.Read(ctx)
			if code(err) != want || want == 0 && string(p) != text(size) {
				t.Errorf("%d bytes: %q, %v", size, p, err)
			}
		})
	}
}

// TestNetConnPartsOfText: no message of a stream is longer than 32 KiB, also with the bytes
// of a character that were kept from the write before.
func TestNetConnPartsOfText(t *testing.T) {
	t.Parallel()
	c, s := websocket.Pipe(websocket.Config{}, websocket.Config{})
	defer c.CloseNow()
	euros := strings.Repeat("€", 40_000)
	nc := websocket.NetConn(c, websocket.Text)
	go func() {
		nc.Write([]byte(euros[:1]))
		nc.Write([]byte(euros[1:]))
		nc.Close()
	}()
	var got strings.Builder
	for m, err := range s.Messages(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Data) > 32<<10 {
			t.Errorf("a message of %d bytes", len(m.Data))
		}
		got.Write(m.Data)
	}
	if got.String() != euros {
		t.Errorf("%d bytes of %d arrived", got.Len(), len(euros))
	}
}
