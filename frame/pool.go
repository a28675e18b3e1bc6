package frame

import (
	"math/bits"
	"sync"
)

// Buffers have sizes that are powers of two, from 4 KiB on: enough for a connection
// with short messages, and small enough to stay in the processor's first cache while
// it is filled and read. There is a pool for each size up to 16 MiB; larger buffers
// are left to the garbage collector.
const (
	minShift = 12
	maxShift = 24
	minSize  = 1 << minShift

	// maxRunSize is the largest buffer of a connection whose source has much to read
	// while no single payload and nothing held needs more.
	maxRunSize = 1 << 16
)

var pools [maxShift - minShift + 1]sync.Pool

// A buffer is memory to read into. Its owner is one Reader until put. Users see it only
// through slices that are no longer valid then.
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

// put gives b back to its pool. In tests it is overwritten first, so that a slice that
// is used too late shows it.
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
