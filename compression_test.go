package websocket_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"hawser/websocket"
	"hawser/websocket/frame"
	"hawser/websocket/frame/deflate"
	"hawser/websocket/handshake"
)

// conversation sends messages of all kinds and sizes from one side to the other
// in every way there is, and compares what comes.
func conversation(t *testing.T, from, to *websocket.Conn, seed uint64) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	content := func(n int) []byte {
		b := []byte(text(n))
		for i := range b {
			if r.IntN(4) == 0 {
				b[i] = 'A' + byte(r.IntN(26))
			}
		}
		return b
	}
	type message struct {
		websocket.MessageType
		data []byte
	}
	sent := make(chan message, 1000)
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		defer close(sent)
		for i, n := range []int{0, 1, 10, 31, 32, 100, 125, 126, 1000, 4096, 16384, 16385, 70_000, 5, 200, 300_000, 64, 64} {
			for how := range 4 {
				typ := websocket.Text + websocket.MessageType(i&1)
				data := content(n)
				sent <- message{typ, data}
				if r.IntN(4) == 0 {
					typ |= websocket.Uncompressed
				}
				err := error(nil)
				switch how {
				case 0:
					err = from.Write(ctx, typ, data)
				case 1:
					err = from.Send(ctx, websocket.NewPrepared(typ, data))
				case 2:
					err = from.Post(websocket.NewPrepared(typ, data))
				case 3:
					var w io.WriteCloser
					if w, err = from.Writer(ctx, typ); err != nil {
						break
					}
					for p := data; len(p) > 0 && err == nil; {
						k := min(len(p), 1+r.IntN(40_000))
						_, err = w.Write(p[:k])
						p = p[k:]
					}
					err = errors.Join(err, w.Close())
				}
				if err != nil {
					t.Errorf("%d bytes, way %d: %v", n, how, err)
				}
			}
		}
	})
	n := 0
	for want := range sent {
		var typ websocket.MessageType
		var got []byte
		var err error
		if n++; n%3 == 0 {
			var rd io.Reader
			if typ, rd, err = to.Reader(ctx); err == nil {
				got, err = io.ReadAll(rd)
			}
		} else {
			typ, got, err = to.Read(ctx)
		}
		if err != nil || typ != want.MessageType || !bytes.Equal(got, want.data) {
			t.Fatalf("message %d: %v of %d bytes; want %v of %d bytes (%v)", n, typ, len(got), want.MessageType, len(want.data), err)
		}
	}
}

// TestCompression has conversations with every kind of window and context.
func TestCompression(t *testing.T) {
	t.Parallel()
	for bits := deflate.MinWindowBits; bits <= deflate.MaxWindowBits; bits++ {
		for _, variant := range []int{bits & 7, (bits + 3) & 7} {
			k := websocket.Compression{
				Level:   deflate.Level(variant & 1),
				Compact: variant&2 != 0,
				Send:    websocket.Window{Bits: bits, NoTakeover: variant&4 != 0},
				Receive: websocket.Window{Bits: 23 - bits, NoTakeover: variant == 4},
			}
			t.Run(fmt.Sprintf("%+v", k), func(t *testing.T) {
				t.Parallel()
				c, s := deflatePair(t, k, websocket.Compression{})
				conversation(t, c, s, uint64(bits*8+variant))
				conversation(t, s, c, uint64(bits*8+variant))
				if z := c.Compressed(); z.SentWire >= z.Sent || z.ReceivedWire >= z.Received || z.Sent == 0 {
					t.Errorf("nothing was saved: %+v", z)
				}
				cz, sz := c.Compressed(), s.Compressed()
				if cz.Sent != sz.Received || cz.SentWire != sz.ReceivedWire || cz.Received != sz.Sent || cz.ReceivedWire != sz.SentWire {
					t.Errorf("client %+v, server %+v", cz, sz)
				}
			})
		}
	}
}

// TestWire looks at the frames: RSV1 on the first of a compressed message only,
// and none on what isn't to be compressed, as line Z8 wants for secrets.
func TestWire(t *testing.T) {
	t.Parallel()
	c, p := withDeflatePeer(t, frame.Server, handshake.Deflate{}, websocket.Config{})
	long := text(1000)
	write := func(typ websocket.MessageType, data string) {
		if err := c.Write(ctx, typ, []byte(data)); err != nil {
			t.Error(err)
		}
	}
	go func() {
		write(websocket.Text, long)
		write(websocket.Binary|websocket.Uncompressed, long)
		write(websocket.Text, text(websocket.DefaultMinCompressSize-1))
		c.Send(ctx, websocket.NewPrepared(websocket.Text|websocket.Uncompressed, []byte(long)))
		c.Send(ctx, websocket.NewPrepared(websocket.Binary, []byte(long)))
		go c.Ping(ctx, nil)
	}()
	d := deflate.NewDecoder(deflate.Config{Takeover: true})
	for i, want := range []struct {
		op         frame.Opcode
		compressed bool
		data       string
	}{
		{frame.Text, true, long},
		{frame.Binary, false, long},
		{frame.Text, false, text(websocket.DefaultMinCompressSize - 1)},
		{frame.Text, false, long},
		{frame.Binary, true, long},
	} {
		h, data, err := p.next()
		if err != nil || h.Opcode != want.op || !h.Fin || (h.Rsv == frame.Rsv1) != want.compressed {
			t.Fatalf("frame %d: %+v, %v", i, h, err)
		}
		if want.compressed {
			if len(data) > 100 {
				t.Errorf("frame %d has %d bytes", i, len(data))
			}
			b, err := d.Append(nil, []byte(data), 1<<20)
			if data = string(b); err != nil {
				t.Errorf("frame %d: %v", i, err)
			}
		}
		if data != want.data {
			t.Errorf("frame %d: %.40q", i, data)
		}
	}
	if h, _, err := p.next(); h.Opcode != frame.Ping || h.Rsv != 0 {
		t.Error(h, err)
	}
}

// TestCompressedAllocations: an echo of a compressed message allocates nothing.
func TestCompressedAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates, and empties the pools")
	}
	for _, k := range []websocket.Compression{{}, {Send: websocket.Window{NoTakeover: true}, Receive: websocket.Window{NoTakeover: true}}} {
		c, s := deflatePair(t, k, k)
		go echo(s)
		message := []byte(strings.Repeat(`{"id": 1, "text": "what is this?"}`, 30))
		per := testing.AllocsPerRun(1000, func() {
			if err := c.Write(ctx, websocket.Text, message); err != nil {
				t.Fatal(err)
			}
			if _, got, err := c.Read(ctx); err != nil || len(got) != len(message) {
				t.Fatal(err)
			}
		})
		if per >= 1 {
			t.Errorf("%+v: %.2f allocations for each echo", k, per)
		}
	}
}
