//go:build !race

package server_test

import (
	"net"
	"runtime"
	"strings"
	"testing"

	"hawser/websocket/frame"
	"hawser/websocket/server"
)

// TestServeIdleMemory: a connection that has echoed a message and waits holds little, and
// its handshake has left little behind for a collection: all that was ever allocated for
// it is a few KB, those of the other end in the same process included. The test isn't
// parallel, as it looks at all memory.
func TestServeIdleMemory(t *testing.T) {
	host := strings.TrimPrefix(serve(t, &server.Server{Handler: echo}), "ws://")
	request := []byte(strings.ReplaceAll(good, "HOST", host) + "\r\n")
	hello := frame.Append(nil, frame.Header{Fin: true, Opcode: frame.Text, Masked: true}, []byte("hello"))
	buf := make([]byte, 4<<10)
	read := func(nc net.Conn, end string) {
		for n := 0; !strings.HasSuffix(string(buf[:n]), end); {
			k, err := nc.Read(buf[n:])
			if err != nil {
				t.Fatal(err)
			}
			n += k
		}
	}
	connect := func() net.Conn {
		nc, err := net.Dial("tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		nc.Write(request)
		read(nc, "\r\n\r\n")
		nc.Write(hello)
		read(nc, "hello")
		return nc
	}
	const n = 400
	var all []net.Conn
	defer func() {
		for _, nc := range all {
			nc.Close()
		}
	}()
	for range n / 4 { // fills the pools
		all = append(all, connect())
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range n {
		all = append(all, connect())
	}
	runtime.ReadMemStats(&after)
	allocated := (after.TotalAlloc - before.TotalAlloc) / n
	t.Logf("%d bytes allocated for a connection and its peer", allocated)
	if allocated > 4<<10 { // net/http's own are 12
		t.Errorf("a connection and its peer have allocated %d bytes", allocated)
	}
}
