//go:build amd64 && !race

package server_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"unsafe"

	"hawser/websocket"
	"hawser/websocket/frame"
	"hawser/websocket/server"
)

// here returns where the goroutine's stack is, more or less.
//
//go:noinline
func here() uintptr {
	var here byte
	return uintptr(unsafe.Pointer(&here))
}

// TestFirstStack: a handler that echoes gets by with the 2 KiB of stack that its
// goroutine begins with. When that has to grow, it moves. The test isn't parallel,
// as others would empty the pools.
func TestFirstStack(t *testing.T) {
	if testing.CoverMode() != "" {
		t.Skip("frames are larger")
	}
	const conns = 50
	moved := make(chan bool, conns)
	url := start(t, &server.Server{Handler: func(ctx context.Context, c *websocket.Conn) {
		before := here()
		for range 2 {
			if t, p, err := c.Read(ctx); err != nil || c.Write(ctx, t, p) != nil {
				break
			}
		}
		moved <- here() != before
	}})
	hello := frame.Append(nil, frame.Header{Fin: true, Opcode: frame.Text, Masked: true}, []byte("hello"))
	grown := 0
	for range conns {
		nc, r := rawDial(t, url, good, "")
		if _, err := http.ReadResponse(r, nil); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			nc.Write(hello)
			if _, err := io.ReadFull(r, make([]byte, len("..hello"))); err != nil {
				t.Fatal(err)
			}
		}
		if <-moved {
			grown++
		}
	}
	if grown > conns/5 { // now and then a pool needs more
		t.Errorf("%d of %d stacks have grown", grown, conns)
	}
}
