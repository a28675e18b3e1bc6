package deflate

import "sync"

// scratches has the memory that encoders need while they encode.
var scratches = sync.Pool{New: func() any { return new(scratch) }}

// fill overwrites p with poison.
func fill[T any](p []T, poison T) {
	if len(p) > 0 {
		p[0] = poison
		for n := 1; n < len(p); n *= 2 {
			copy(p[n:], p[:n])
		}
	}
}

// put gives s back to the pool.
func (s *scratch) put() {
	if poison {
		fill(s.table[:], 0xDDDD)
		fill(s.seqs[:], seq{0xDDDD, 0xDD, 0xDDDD})
	}
	scratches.Put(s)
}
