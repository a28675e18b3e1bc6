package websocket

import "sync"

const (
	// Frames up to copyMax bytes are copied behind each other, so that one
	// system call takes many of them.
	copyMax = 16 << 10
	// A connection accepts frames up to about chunkMax bytes while others are
	// being written; who comes later waits. Longer ones go out in chunks.
	chunkMax = 64 << 10
)

// A chunk is memory for frames to be written, which users never see.
type chunk struct{ p []byte }

var (
	smallChunks = sync.Pool{New: func() any { return &chunk{make([]byte, 0, 4<<10)} }}
	largeChunks = sync.Pool{New: func() any { return &chunk{make([]byte, 0, chunkMax)} }}
)

// put gives b back to the pool that its size belongs to.
func (b *chunk) put() {
	if b == nil {
		return
	}
	b.p = b.p[:0]
	switch c := cap(b.p); {
	case c >= chunkMax && c <= 4*chunkMax:
		largeChunks.Put(b)
	case c < chunkMax:
		smallChunks.Put(b)
	}
}
