package deflate

import (
	"math/bits"
	"sync"
)

// minHistory is the number of bytes that the first message allocates.
const minHistory = 1 << MinWindowBits

// history has the last bytes of a stream, up to a window of them, in a ring buffer. The
// ring grows with the bytes that have passed, so that short streams take little memory.
type history struct {
	ring []byte                    // its length is 0 or a power of two
	end  int                       // index of the next byte
	n    int                       // number of bytes that are valid
	lent *[1 << MaxWindowBits]byte // the ring's memory, if it is from the pool
}

// windows lends rings to connections that keep no history between messages, for the time
// of a message that is in parts.
var windows = sync.Pool{New: func() any { return new([1 << MaxWindowBits]byte) }}

// borrow takes a ring for a window of size bytes from the pool.
func (h *history) borrow(size int) {
	h.lent = windows.Get().(*[1 << MaxWindowBits]byte)
	h.ring = h.lent[:size]
}

// clear forgets everything and gives the memory back.
func (h *history) clear() {
	if h.lent != nil {
		if poison {
			fill(h.lent[:], 0xDD)
		}
		windows.Put(h.lent)
	}
	*h = history{}
}

// add appends p and forgets what is more than size bytes back.
func (h *history) add(p []byte, size int) {
	if len(p) == 0 {
		return
	}
	if len(p) > size {
		p = p[len(p)-size:]
	}
	if want := h.n + len(p); want > len(h.ring) && len(h.ring) < size {
		h.grow(min(want, size))
	}
	k := copy(h.ring[h.end:], p)
	copy(h.ring, p[k:])
	h.end = (h.end + len(p)) & (len(h.ring) - 1)
	h.n = min(h.n+len(p), len(h.ring))
}

// grow makes the ring large enough for n bytes. A ring that can still grow has never wrapped
// around, so its bytes are at its beginning.
func (h *history) grow(n int) {
	ring := make([]byte, max(1<<bits.Len(uint(n-1)), minHistory))
	copy(ring, h.ring[:h.n])
	h.ring, h.end = ring, h.n
}

// back returns the bytes from dist before the end up to the end, in two slices, of which the
// second may be empty. dist is 1 to h.n.
func (h *history) back(dist int) (p, q []byte) {
	if i := h.end - dist; i >= 0 {
		return h.ring[i:h.end], nil
	}
	return h.ring[len(h.ring)+h.end-dist:], h.ring[:h.end]
}
