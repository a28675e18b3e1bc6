package frame

import (
	"io"
	"math/bits"
)

// fill reads at least one byte from the source. It chooses the buffer: the one that is
// there, a smaller one if a long message is over, a larger one if space is short. The
// last piece is no longer valid then.
func (r *Reader) fill() error {
	r.piece = 0
	unread := r.w - r.r
	empty := unread == 0 && r.holdAt == r.holdEnd
	switch {
	case r.b == nil:
	case empty:
		r.r, r.w = 0, 0
		if len(r.b.p) != r.size {
			r.Free()
		}
	case len(r.b.p) > maxRunSize && r.holdAt == r.holdEnd && unread <= minSize/2:
		r.moveTo(getBuffer(r.size)) // the long message that needed the large buffer is over
	}
	if r.w > 0 {
		r.makeRoom()
	}
	for range 100 {
		n, err := r.src.ReadLate(r.Lender())
		if n > 0 {
			r.w += n
			// The next buffer is as large as what came this time, and larger if this one
			// was filled, as the source may have more.
			if r.w == len(r.b.p) {
				r.size = min(4*len(r.b.p), maxRunSize)
			} else if empty {
				r.size = min(max(1<<bits.Len(uint(n)), minSize), maxRunSize)
			}
			return nil // an error that came with bytes is returned again by the next read
		}
		if r.w == 0 {
			r.Free()
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// makeRoom makes sure that the buffer has space behind the unread bytes: it takes one,
// moves the bytes to the beginning of it, or moves them to a larger one.
func (r *Reader) makeRoom() {
	if r.b == nil {
		r.b = getBuffer(r.size)
		return
	}
	if r.w < len(r.b.p) {
		return
	}
	used := int64(r.holdEnd - r.holdAt + r.w - r.r)
	to := r.b
	if len(to.p) < r.size { // both are powers of two, so this one is at most half full then
		to = getBuffer(r.size)
	} else if size := int64(len(to.p)); used > size/2 {
		// Four times the size, so that a long message is moved only a few times; but
		// no more than the current frame needs if twice the size is enough for that.
		need := int64(r.holdEnd-r.holdAt) + min(r.left, 4*size) + minSize
		to = getBuffer(int(min(4*size, max(need, 2*size))))
	}
	r.moveTo(to)
}

// moveTo moves the held and the unread bytes to the beginning of a buffer, which may
// be the one that they are in, and makes it r's.
func (r *Reader) moveTo(to *buffer) {
	held := copy(to.p, r.b.p[r.holdAt:r.holdEnd])
	used := held + copy(to.p[held:], r.b.p[r.r:r.w])
	if to != r.b {
		r.b.put()
		r.b = to
	}
	r.holdAt, r.holdEnd = 0, held
	r.r, r.w = held, used
}
