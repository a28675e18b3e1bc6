// Memory: the pools of buffers for what is written and inflated. It knows nothing of
// connections. A user never sees a chunk that is in a pool.

package websocket

import (
	"math/bits"
	"sync"
)

const (
	// Frames up to copyMax bytes are copied behind each other, so that one
	// system call takes many of them.
	copyMax = 16 << 10
	// A connection accepts frames up to about chunkMax bytes while others are
	// being written; who comes later waits. Longer ones go out in chunks.
	chunkMax = 64 << 10

	// Chunks come in powers of two from minChunk. Those above maxChunk are left
	// to the garbage collector.
	minChunk = 4 << 10
	maxChunk = 16 << 20
)

// A chunk is memory for frames to be written and messages that were inflated.
// Users see it only through slices that they must give up before it's put.
type chunk struct{ p []byte }

var chunks [13]sync.Pool // of minChunk<<i bytes or a little more

// getChunk returns an empty chunk with a capacity of at least size bytes.
func getChunk(size int) *chunk {
	size = max(size, minChunk)
	i := bits.Len(uint(size-1)) - bits.Len(uint(minChunk-1))
	if i >= len(chunks) {
		return &chunk{make([]byte, 0, size)}
	}
	if b, ok := chunks[i].Get().(*chunk); ok {
		return b
	}
	return &chunk{make([]byte, 0, minChunk<<i)}
}

// grow returns a chunk with the bytes of b and room for n more, to be used instead
// of b.
func (b *chunk) grow(n int) *chunk {
	if n += len(b.p); n <= cap(b.p) {
		return b
	}
	larger := getChunk(max(n, 4*cap(b.p)))
	larger.p = append(larger.p, b.p...)
	b.put()
	return larger
}

// put gives b back to the pool that its size belongs to. Whoever still looks at
// it gets to see poison in tests.
func (b *chunk) put() {
	if b == nil || cap(b.p) < minChunk || cap(b.p) > maxChunk {
		return
	}
	if poison {
		all := b.p[:cap(b.p)]
		all[0] = 0xDD
		for n := 1; n < len(all); n *= 2 {
			copy(all[n:], all[:n])
		}
	}
	b.p = b.p[:0]
	chunks[bits.Len(uint(cap(b.p)))-bits.Len(uint(minChunk))].Put(b)
}
