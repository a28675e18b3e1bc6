package frame

import (
	"io"
	"math/bits"
)

// LateReader is a source that can wait for bytes without a buffer to put them
// in, so that an idle connection holds none.
type LateReader interface {
	io.Reader
	// ReadLate is Read into a buffer that it takes from l only to try, and
	// gives back before it waits.
	ReadLate(l Lender) (int, error)
}

// Lender lends a buffer to a [LateReader].
type Lender interface {
	Take() []byte // a buffer to read into
	Give()        // takes the buffer back
}

// fill reads more from the source, at least one byte.
func (r *Reader) fill() error {
	r.piece = 0
	unread := r.w - r.r
	empty := unread == 0 && r.holdAt == r.holdEnd
	switch {
	case r.b == nil:
	case empty:
		r.r, r.w = 0, 0
		if r.late != nil || len(r.b.p) != r.size {
			r.Free()
		}
	case len(r.b.p) > maxRunSize && r.holdAt == r.holdEnd && unread <= minSize/2:
		r.moveTo(getBuffer(r.size)) // the long message that it was for is over
	}
	for range 100 {
		n, err := r.read()
		if n > 0 {
			r.w += n
			// The next time, take as much as came this time, or more if it wasn't all.
			if r.w == len(r.b.p) {
				r.size = min(4*len(r.b.p), maxRunSize)
			} else if empty {
				r.size = min(max(1<<bits.Len(uint(n)), minSize), maxRunSize)
			}
			return nil // an error along with bytes comes again
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

func (r *Reader) read() (int, error) {
	if r.b == nil && r.late != nil {
		n, err := r.late.ReadLate((*lender)(r))
		if n <= 0 && r.b != nil {
			r.Free() // took a buffer for nothing
		}
		return n, err
	}
	r.makeRoom()
	return r.src.Read(r.b.p[r.w:])
}

// lender is a Reader as its LateReader sees it.
type lender Reader

func (l *lender) Take() []byte {
	l.b = getBuffer(l.size)
	return l.b.p
}

func (l *lender) Give() {
	l.b.put()
	l.b = nil
}

// makeRoom makes sure that there is space to read into.
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
	if len(to.p) < r.size && used <= int64(r.size)/2 {
		to = getBuffer(r.size)
	} else if size := int64(len(to.p)); used > size/2 {
		// Four times as large, so that a long message is moved only a few times,
		// but not more than twice unless the current frame needs it.
		need := int64(r.holdEnd-r.holdAt) + min(r.left, 4*size) + minSize
		to = getBuffer(int(min(4*size, max(need, 2*size))))
	}
	r.moveTo(to)
}

// moveTo moves what is held and what is unread to the beginning of to, which
// may be the same buffer.
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
