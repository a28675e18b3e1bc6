package websocket_test

import (
	"bytes"
	"fmt"
	"sync/atomic"
	"testing"

	"hawser/websocket"
	"hawser/websocket/frame"
)

func BenchmarkEcho(b *testing.B) {
	for _, name := range []string{"tcp", "pipe"} {
		b.Run(name, func(b *testing.B) {
			c, s := pairs[name](b, websocket.Config{}, websocket.Config{})
			goEcho(s)
			msg := []byte(text(125))
			b.ReportAllocs()
			for b.Loop() {
				if err := c.Write(ctx, websocket.Binary, msg); err != nil {
					b.Fatal(err)
				}
				if _, _, err := c.Read(ctx); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkEchoMemory is what an echo costs without a network.
func BenchmarkEchoMemory(b *testing.B) {
	for _, size := range []int{125, 1000, 16000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) { echoMemory(b, size, websocket.Config{}) })
	}
}

// BenchmarkTrace is what functions that count add to that.
func BenchmarkTrace(b *testing.B) {
	var frames, size [2]atomic.Int64
	count := func(i int) func(*websocket.Conn, frame.Header) {
		return func(_ *websocket.Conn, h frame.Header) {
			frames[i].Add(1)
			size[i].Add(h.Length)
		}
	}
	echoMemory(b, 125, websocket.Config{Trace: &websocket.Trace{FrameReceived: count(0), FrameSent: count(1)}})
}

func echoMemory(b *testing.B, size int, cfg websocket.Config) {
	b.ReportAllocs()
	b.SetBytes(int64(size))
	one := frame.Append(nil, frame.Header{Fin: true, Opcode: frame.Binary, Masked: true, Key: [4]byte{1, 2, 3, 4}}, make([]byte, size))
	e := &endless{p: bytes.Repeat(one, max(1, 4096/len(one)))}
	c := websocket.NewConn(e, websocket.Setup{}, cfg)
	defer c.CloseNow()
	for b.Loop() {
		t, p, err := c.Read(ctx)
		if err != nil {
			b.Fatal(err)
		}
		if err := c.Write(ctx, t, p); err != nil {
			b.Fatal(err)
		}
	}
}
