package websocket_test

import (
	"runtime"
	"testing"

	"hawser/websocket"
)

// TestIdleMemory is line R11: a connection that waits holds no buffer, of which
// the smallest has 4 KiB. It's not parallel, as it looks at the whole heap.
func TestIdleMemory(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector needs memory of its own")
	}
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC() // twice, as pools forget only then
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	const n = 200
	before := heap()
	conns := make([]*websocket.Conn, 0, 2*n)
	ended := make(chan error, n)
	for range n {
		c, s := tcpPair(t, large, large)
		go func() { ended <- echo(s) }()
		msg := []byte(text(100_000))
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
	t.Logf("%d bytes of heap per idle connection", per)
	if per > 4<<10 {
		t.Errorf("an idle connection holds %d bytes", per)
	}
	for _, c := range conns {
		c.CloseNow()
	}
	for range n {
		<-ended
	}
}
