package deflate

import (
	"math/bits"
	"sync"
)

// minHistory is what the first message allocates.
const minHistory = 1 << MinWindowBits

// history holds the last bytes of a stream, up to a window of them, in a ring
// that grows with what has passed.
type history struct {
	ring []byte // its length is 0 or a power of two
	end  int    // index of the next byte
	n    int    // bytes held
	lent *[1 << MaxWindowBits]byte
}

// windows lends rings to messages that are in parts, for connections that
// keep no history between messages.
var windows = sync.Pool{New: func() any { return new([1 << MaxWindowBits]byte) }}

// borrow takes the whole ring from a pool.
func (h *history) borrow(size int) {
	h.lent = windows.Get().(*[1 << MaxWindowBits]byte)
	h.ring = h.lent[:size]
}

// clear forgets everything.
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

// grow makes room for n bytes. A ring that can still grow has never wrapped
// around.
func (h *history) grow(n int) {
	ring := make([]byte, max(1<<bits.Len(uint(n-1)), minHistory))
	copy(ring, h.ring[:h.n])
	h.ring, h.end = ring, h.n
}

// back returns the bytes that begin dist before the end, in two slices. Dist is
// from 1 to h.n.
func (h *history) back(dist int) (p, q []byte) {
	if i := h.end - dist; i >= 0 {
		return h.ring[i:h.end], nil
	}
	return h.ring[len(h.ring)+h.end-dist:], h.ring[:h.end]
}
