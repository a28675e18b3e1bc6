package websocket_test

import (
	"runtime"
	"testing"
	"unsafe"

	"hawser/websocket"
)

// TestConnSize: memory comes in sizes of 512, 576, 640 and so on bytes.
func TestConnSize(t *testing.T) {
	t.Parallel()
	if size := unsafe.Sizeof(websocket.Conn{}); size > 512 {
		t.Errorf("a Conn has %d bytes", size)
	}
}

// heap returns how many bytes are in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC() // twice, as pools forget only then
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestIdleMemory is lines R11 and Z9: a connection that waits holds no buffer, of
// which the smallest has 4 KiB, and with compression only the context that was
// agreed on. It's not parallel, as it looks at the whole heap.
func TestIdleMemory(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector needs memory of its own")
	}
	without := websocket.Window{NoTakeover: true}
	small := websocket.Window{Bits: 9}
	for _, test := range []struct {
		name string
		k    *websocket.Compression
		max  int64 // bytes
	}{
		{"plain", nil, 3 << 10},
		{"TLS", nil, 12 << 10}, // crypto/tls keeps what its largest record took
		{"no takeover", &websocket.Compression{Send: without, Receive: without}, 4 << 10},
		{"window of 9 bits", &websocket.Compression{Send: small, Receive: small}, 6 << 10},
		{"window of 12 bits", &websocket.Compression{Receive: websocket.Window{Bits: 12}}, 20 << 10},
		{"window of 12 bits, compact", &websocket.Compression{Receive: websocket.Window{Bits: 12}, Compact: true}, 12 << 10},
	} {
		t.Run(test.name, func(t *testing.T) {
			const n = 200
			before := heap()
			conns := make([]*websocket.Conn, 0, 2*n)
			ended := make(chan error, n)
			msg := []byte(text(100_000))
			if test.name == "TLS" {
				msg = msg[:1000]
			}
			for range n {
				var c, s *websocket.Conn
				if test.name == "TLS" {
					c, s = tlsPair(t, large, large)
				} else if test.k == nil {
					c, s = tcpPair(t, large, large)
				} else {
					c, s = deflatePair(t, *test.k, *test.k)
				}
				go func() { ended <- echo(s) }()
				if err := c.Write(ctx, websocket.Text, msg); err != nil {
					t.Fatal(err)
				}
				if _, _, err := c.Read(ctx); err != nil {
					t.Fatal(err)
				}
				go c.Read(ctx)
				conns = append(conns, c, s)
			}
			per := (heap() - before) / int64(len(conns))
			for range 10 {
				if per <= test.max {
					break
				}
				per = (heap() - before) / int64(len(conns)) // the last readers may not have been waiting yet
			}
			t.Logf("%d bytes of heap per idle connection", per)
			if per > test.max {
				t.Errorf("an idle connection holds %d bytes, more than %d", per, test.max)
			}
			for _, c := range conns {
				c.CloseNow()
			}
			for range n {
				<-ended
			}
		})
	}
}
