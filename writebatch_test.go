package websocket_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket"
	"hawser/websocket/frame"
)

// countedWrites is a transport that counts the writes to it.
type countedWrites struct {
	net.Conn
	n atomic.Int64
}

func (c *countedWrites) Write(p []byte) (int, error) {
	c.n.Add(1)
	return c.Conn.Write(p)
}

func batchOf(sizes ...int) (b []websocket.Message) {
	for i, n := range sizes {
		t := websocket.Text
		if i%2 == 1 {
			t = websocket.Binary
		}
		b = append(b, websocket.Message{Type: t, Data: []byte(text(n))})
	}
	return b
}

func readAll(t testing.TB, c *websocket.Conn, n int) (got []websocket.Message) {
	t.Helper()
	for range n {
		typ, p, err := c.ReadAppend(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, websocket.Message{Type: typ, Data: p})
	}
	return got
}

// TestWriteBatch: what is written as a batch arrives in order, whatever its sizes and
// the connection, compressed or not, and the slices are as they were.
func TestWriteBatch(t *testing.T) {
	t.Parallel()
	compressing := large
	compressing.Compression = &websocket.Compression{}
	for name, pair := range pairs {
		for config, cfg := range map[string]websocket.Config{"plain": large, "compressed": compressing} {
			t.Run(name+"/"+config, func(t *testing.T) {
				t.Parallel()
				c, s := pair(t, cfg, cfg)
				for _, sizes := range [][]int{
					{}, {0}, {0, 1, 2}, {10, 125, 126, 1000, 65535, 65536, 5},
					{16384, 16384, 16384, 16384, 16384}, {1, 16385, 1, 1, 200_000, 200_000, 1},
					{60_000, 60_000, 300, 3_000_000, 1, 16384, 65536},
				} {
					for from, to := range map[*websocket.Conn]*websocket.Conn{c: s, s: c} {
						b := batchOf(sizes...)
						for i := range b {
							if i%3 == 2 {
								b[i].Type |= websocket.Uncompressed
							}
						}
						wrote := make(chan error, 1)
						go func() { wrote <- from.WriteBatch(ctx, b...) }()
						got := readAll(t, to, len(b))
						if err := <-wrote; err != nil {
							t.Fatal(err)
						}
						for i, want := range batchOf(sizes...) { // cmp.Diff takes long for long ones
							if got[i].Type != want.Type || !bytes.Equal(got[i].Data, want.Data) {
								t.Fatalf("%v, %v: message %d is %v of %d bytes", from.Role(), sizes, i, got[i].Type, len(got[i].Data))
							}
						}
					}
				}
			})
		}
	}
}

// TestWriteBatchTogether: small messages of a batch go out in one write for each 64 KiB.
func TestWriteBatchTogether(t *testing.T) {
	t.Parallel()
	for _, role := range []frame.Role{frame.Client, frame.Server} {
		a, b := netPair(t)
		w := &countedWrites{Conn: a}
		c := websocket.NewConn(w, websocket.Setup{Role: role}, websocket.Config{})
		p := websocket.NewConn(b, websocket.Setup{Role: 1 - role}, websocket.Config{})
		t.Cleanup(func() { c.CloseNow(); p.CloseNow() })
		for _, test := range []struct{ messages, size, writes int }{
			{1, 100, 1}, {100, 100, 1}, {3, 16 << 10, 1}, {16, 16 << 10, 6}, {5000, 10, 2},
		} {
			var batch []websocket.Message
			for range test.messages {
				batch = append(batch, batchOf(test.size)...)
			}
			before := w.n.Load()
			wrote := make(chan error, 1)
			go func() { wrote <- c.WriteBatch(ctx, batch...) }()
			readAll(t, p, len(batch))
			if err := <-wrote; err != nil {
				t.Fatal(err)
			}
			if n := int(w.n.Load() - before); n > test.writes {
				t.Errorf("%v: %d messages of %d bytes went out in %d writes", role, test.messages, test.size, n)
			}
		}
	}
}

// TestWriteBatchRefused: a batch with a bad type writes nothing, one with a context that
// is over or after the end neither, and the error says which.
func TestWriteBatchRefused(t *testing.T) {
	t.Parallel()
	c, s := websocket.Pipe(websocket.Config{}, websocket.Config{})
	defer s.CloseNow()
	if err := c.WriteBatch(ctx, append(batchOf(1, 2), websocket.Message{Type: 7})...); err == nil {
		t.Error("no error for type 7")
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	if err := c.WriteBatch(over, batchOf(1)...); !errors.Is(err, context.Canceled) || c.Err() != nil {
		t.Error(err, c.Err())
	}
	if err := c.WriteBatch(ctx, batchOf(3)...); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(batchOf(3), readAll(t, s, 1)); diff != "" {
		t.Error(diff)
	}
	c.CloseNow()
	closeError(t, c.WriteBatch(ctx, batchOf(1, 2)...))
}

// TestWriteBatchWaits: a batch that is more than the peer takes waits for it, and ends
// with its context. Between the messages it waits for the end of a message from Writer.
func TestWriteBatchWaits(t *testing.T) {
	t.Parallel()
	c, s := websocket.Pipe(large, large)
	defer s.CloseNow()
	defer c.CloseNow()
	w, err := c.Writer(ctx, websocket.Text)
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	if err := c.WriteBatch(short, batchOf(1, 2)...); !errors.Is(err, context.DeadlineExceeded) || c.Err() != nil {
		t.Error(err, c.Err())
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var batch []websocket.Message
	for range 100 {
		batch = append(batch, batchOf(10_000)...)
	}
	short, cancel = context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if err := c.WriteBatch(short, batch...); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

// TestWriteBatchBesideOthers: batches of many goroutines, single messages and pings
// beside each other all arrive, each goroutine's in its order.
func TestWriteBatchBesideOthers(t *testing.T) {
	t.Parallel()
	for name, pair := range pairs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := pair(t, large, large)
			const writers, rounds, each = 6, 30, 7
			go func() { // answers the pings' pongs
				for range c.Messages(ctx) {
				}
			}()
			var wg sync.WaitGroup
			errs := make(chan error, writers)
			for id := range writers {
				wg.Go(func() {
					n := uint32(0)
					next := func(size int) websocket.Message {
						p := make([]byte, 8+size)
						binary.LittleEndian.PutUint32(p, uint32(id))
						binary.LittleEndian.PutUint32(p[4:], n)
						n++
						return websocket.Message{Type: websocket.Binary, Data: p}
					}
					for i := range rounds {
						var b []websocket.Message
						for k := range each {
							b = append(b, next((i*k*977)%40_000))
						}
						err := c.WriteBatch(ctx, b...)
						if err == nil && id%2 == 0 {
							m := next(i)
							err = c.Write(ctx, m.Type, m.Data)
						}
						if err == nil && i%10 == 0 {
							_, err = c.Ping(ctx, nil)
						}
						if err != nil {
							errs <- fmt.Errorf("writer %d: %w", id, err)
							return
						}
					}
				})
			}
			var seen [writers]uint32
			for range writers*rounds*each + writers/2*rounds {
				_, p, err := s.Read(ctx)
				if err != nil {
					t.Fatal(err)
				}
				id, n := binary.LittleEndian.Uint32(p), binary.LittleEndian.Uint32(p[4:])
				if seen[id] != n {
					t.Fatalf("message %d of writer %d came instead of %d", n, id, seen[id])
				}
				seen[id]++
			}
			go s.Read(ctx) // the last pings
			wg.Wait()
			select {
			case err := <-errs:
				t.Fatal(err)
			default:
			}
		})
	}
}

// BenchmarkWriteBatch writes 16 messages of 125 bytes at once, and beside that one by one.
func BenchmarkWriteBatch(b *testing.B) {
	for _, way := range []string{"batch", "single"} {
		b.Run(way, func(b *testing.B) {
			c, s := tcpPair(b, websocket.Config{}, websocket.Config{})
			go func() {
				for range s.Messages(ctx) {
				}
			}()
			batch := batchOf(125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125)
			b.ReportAllocs()
			for b.Loop() {
				if way == "batch" {
					if err := c.WriteBatch(ctx, batch...); err != nil {
						b.Fatal(err)
					}
					continue
				}
				for _, m := range batch {
					if err := c.Write(ctx, m.Type, m.Data); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
