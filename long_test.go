package websocket_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket"
	"hawser/websocket/frame"
	"hawser/websocket/frame/deflate"
)

// longWays are the ways to send a long message, in frames that are as long as the
// library makes them.
var longWays = map[string]func(c *websocket.Conn, typ websocket.MessageType, p []byte) error{
	"Write": func(c *websocket.Conn, typ websocket.MessageType, p []byte) error { return c.Write(ctx, typ, p) },
	"Send": func(c *websocket.Conn, typ websocket.MessageType, p []byte) error {
		return c.Send(ctx, websocket.NewPrepared(typ, p))
	},
	"Post": func(c *websocket.Conn, typ websocket.MessageType, p []byte) error {
		return c.Post(websocket.NewPrepared(typ, p))
	},
	"Writer": func(c *websocket.Conn, typ websocket.MessageType, p []byte) error {
		w, err := c.Writer(ctx, typ)
		if err != nil {
			return err
		}
		if _, err := w.Write(p); err != nil {
			return err
		}
		return w.Close()
	},
}

// TestUploadAnswersPings: whoever sends 8 MiB over a link of 512 KiB/s answers the pings
// of its peer in the midst of it, so that a keepalive such as gorilla's, with a deadline
// that each pong puts off, keeps the connection.
func TestUploadAnswersPings(t *testing.T) {
	t.Parallel()
	const rate, pingPeriod, pongWait = 512 << 10, 4500 * time.Millisecond, 5 * time.Second
	message := noise(8 << 20)
	for name, way := range longWays {
		for _, role := range []frame.Role{frame.Client, frame.Server} {
			for _, compressed := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%v/compressed=%v", name, role, compressed), func(t *testing.T) {
					t.Parallel()
					if raceEnabled && compressed {
						t.Skip("compressing takes too long with the race detector")
					}
					synctest.Test(t, func(t *testing.T) {
						a, b := websocket.NewPipe()
						setup, cfg := websocket.Setup{Role: role}, websocket.Config{WriteTimeout: time.Minute}
						rules := frame.Rules{Role: 1 - role}
						if compressed {
							setup.Deflate, cfg.Compression = &noTakeover, &websocket.Compression{}
							rules.Rsv = frame.Rsv1
						}
						c := websocket.NewConn(a, setup, cfg)
						go c.Read(ctx)
						sent := make(chan error, 1)
						go func() { sent <- way(c, websocket.Binary, message) }()

						p := &peer{t: t, role: role}
						stop := make(chan bool)
						go func() {
							tick := time.NewTicker(pingPeriod)
							defer tick.Stop()
							for {
								select {
								case <-tick.C:
									b.Write(p.bytes(ping, "alive?"))
								case <-stop:
									return
								}
							}
						}()
						deadline := time.Now().Add(pongWait)
						rd := frame.NewReader(slowLink{b.(io.Reader), rate}, rules, 0)
						var got []byte
						pongs := 0
						for fin := false; !fin; {
							h, err := rd.Next()
							if err != nil {
								t.Fatal(err)
							}
							payload, err := rd.Payload()
							if err != nil {
								t.Fatal(err)
							}
							if h.Opcode == frame.Pong {
								pongs++
								deadline = time.Now().Add(pongWait)
								continue
							}
							if time.Now().After(deadline) {
								t.Fatalf("no pong in time after %d bytes and %d pongs", len(got), pongs)
							}
							got = append(got, payload...)
							fin = h.Fin
						}
						close(stop)
						if pongs < 3 && !compressed {
							t.Errorf("%d pongs", pongs)
						}
						if err := <-sent; err != nil {
							t.Error(err)
						}
						if compressed {
							var err error
							if got, err = deflate.NewDecoder(deflate.Config{}).Append(nil, got, 32<<20); err != nil {
								t.Error(err)
							}
						}
						if !bytes.Equal(got, message) {
							t.Errorf("%d bytes arrived, not the message", len(got))
						}
						c.CloseNow()
					})
				})
			}
		}
	}
}

// TestLongMessageLetsCloseThrough: a Close frame waits for one frame of a long message
// at most, and the message is cut short.
func TestLongMessageLetsCloseThrough(t *testing.T) {
	t.Parallel()
	for _, role := range []frame.Role{frame.Client, frame.Server} {
		t.Run(role.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a, b := websocket.NewPipe()
				c := websocket.NewConn(a, websocket.Setup{Role: role}, websocket.Config{})
				sent := make(chan error, 1)
				go func() { sent <- c.Write(ctx, websocket.Binary, make([]byte, 8<<20)) }()
				synctest.Wait()
				c.CloseWrite(4000, "")
				rd := frame.NewReader(b.(io.Reader), frame.Rules{Role: 1 - role}, 0)
				var n int64
				for {
					h, err := rd.Next()
					if err != nil {
						t.Fatal(err)
					}
					if h.Opcode == frame.Close {
						break
					}
					n += h.Length
				}
				if n > 512<<10 {
					t.Errorf("%d bytes went before the Close frame", n)
				}
				closeError(t, <-sent)
				c.CloseNow()
			})
		})
	}
}

// TestLongMessages: what arrives of a long message is the message, cut into frames of
// a bounded size, and a text only between characters.
func TestLongMessages(t *testing.T) {
	t.Parallel()
	message := []byte(strings.Repeat("x€😀дом", 50_000))
	for name, way := range longWays {
		for _, role := range []frame.Role{frame.Client, frame.Server} {
			for _, plain := range []bool{false, true} {
				for _, flag := range []websocket.MessageType{0, websocket.Uncompressed} {
					t.Run(fmt.Sprintf("%s/%v/plain=%v/%v", name, role, plain, flag), func(t *testing.T) {
						t.Parallel()
						c, p := withPeer(t, role, plain, websocket.Config{})
						go func() {
							c.Pong(ctx, []byte("before"))
							if err := way(c, websocket.Text|flag, message); err != nil {
								t.Error(err)
							}
							c.Write(ctx, websocket.Text, []byte("after"))
						}()
						p.expect(frame.Pong, "before")
						var got []byte
						frames := 0
						for fin := false; !fin; frames++ {
							h, payload, err := p.next()
							if err != nil || (frames == 0) != (h.Opcode == frame.Text) {
								t.Fatal(frames, h, err)
							}
							if !utf8.ValidString(payload) {
								t.Fatalf("frame %d of %d bytes ends inside of a character", frames, h.Length)
							}
							if len(payload) > 256<<10 {
								t.Errorf("a frame of %d bytes", len(payload))
							}
							got = append(got, payload...)
							fin = h.Fin
						}
						if !bytes.Equal(got, message) || frames < 3 {
							t.Errorf("%d bytes in %d frames", len(got), frames)
						}
						p.expect(frame.Text, "after")
					})
				}
			}
		}
	}
}

// TestSmallWhenCompressed: a message that gets small goes out in one frame, as some
// peers can't bear compressed messages in several.
func TestSmallWhenCompressed(t *testing.T) {
	t.Parallel()
	for _, size := range []int{100, 16 << 10, 16<<10 + 1, 90_000, 1 << 20} {
		c, p := withDeflatePeer(t, frame.Server, noTakeover, websocket.Config{})
		message := bytes.Repeat([]byte("an answer that repeats itself, "), size/31+1)[:size]
		for name, way := range longWays {
			go way(c, websocket.Text, message)
			h, payload, err := p.next()
			if err != nil || !h.Fin || h.Rsv != frame.Rsv1 {
				t.Errorf("%s of %d bytes: %+v, %v", name, size, h, err)
			}
			if got, err := deflate.NewDecoder(deflate.Config{}).Append(nil, []byte(payload), 2<<20); err != nil || !bytes.Equal(got, message) {
				t.Errorf("%s of %d bytes: %d bytes, %v", name, size, len(got), err)
			}
		}
	}
}

// TestFramesOfLongMessages: a message goes out in one frame as long as that is no longer
// than a frame may be, and has no empty frame at its end.
func TestFramesOfLongMessages(t *testing.T) {
	t.Parallel()
	const ofServers, ofClients = 128 << 10, 64<<10 - frame.MaxHeaderSize
	for _, test := range []struct {
		role   frame.Role
		size   int
		frames []int64
	}{
		{frame.Server, ofServers, []int64{ofServers}},
		{frame.Server, ofServers + 1, []int64{ofServers, 1}},
		{frame.Server, 2 * ofServers, []int64{ofServers, ofServers}},
		{frame.Client, ofClients, []int64{ofClients}},
		{frame.Client, ofClients + 1, []int64{ofClients, 1}},
	} {
		for name, write := range map[string]func(*websocket.Conn, []byte) error{
			"Write": func(c *websocket.Conn, p []byte) error { return c.Write(ctx, websocket.Binary, p) },
			"Send": func(c *websocket.Conn, p []byte) error {
				return c.Send(ctx, websocket.NewPrepared(websocket.Binary, p))
			},
			"Post": func(c *websocket.Conn, p []byte) error {
				return c.Post(websocket.NewPrepared(websocket.Binary, p))
			},
		} {
			c, p := withPeer(t, test.role, false, websocket.Config{})
			go write(c, []byte(text(test.size)))
			var frames []int64
			for fin := false; !fin; {
				h, _, err := p.next()
				if err != nil {
					t.Fatal(err)
				}
				frames, fin = append(frames, h.Length), h.Fin
			}
			if diff := cmp.Diff(test.frames, frames); diff != "" {
				t.Errorf("%s of %d bytes by a %v: %s", name, test.size, test.role, diff)
			}
		}
	}
}
