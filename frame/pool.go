package frame

import (
	"math/bits"
	"sync"
)

// Buffers come in powers of two. The smallest holds what a connection needs as
// long as its messages are small; those above the largest are left to the
// garbage collector.
const (
	minShift = 12 // 4 KiB: stays in the first-level cache together with its source
	maxShift = 24 // 16 MiB
	minSize  = 1 << minShift

	// maxRunSize bounds the buffer of a connection that has much to read but
	// holds nothing.
	maxRunSize = 1 << 16
)

var pools [maxShift - minShift + 1]sync.Pool

// A buffer is read memory that users see only through slices that they must
// give up before it goes back to its pool.
type buffer struct {
	p []byte
}

// getBuffer returns a buffer of at least size bytes.
func getBuffer(size int) *buffer {
	shift := max(bits.Len(uint(size-1)), minShift)
	if shift > maxShift {
		return &buffer{make([]byte, 1<<shift)}
	}
	if b, ok := pools[shift-minShift].Get().(*buffer); ok {
		return b
	}
	return &buffer{make([]byte, 1<<shift)}
}

// put gives b back. Whoever still looks at it gets to see poison in tests.
func (b *buffer) put() {
	if poison {
		b.p[0] = 0xDD
		for n := 1; n < len(b.p); n *= 2 {
			copy(b.p[n:], b.p[:n])
		}
	}
	if shift := bits.Len(uint(len(b.p) - 1)); shift <= maxShift {
		pools[shift-minShift].Put(b)
	}
}
