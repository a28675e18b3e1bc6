package frame

import (
	"io"
	"math/bits"
)

// LateReader is a source that can wait for bytes without a buffer to put them
// in, so that an idle connection holds none.
type LateReader interface {
	// ReadLate is what Read is to an [io.Reader], into the buffer that it takes
	// from l. Each time before it waits, it calls l.Give, whether it has taken the
	// buffer or not.
	ReadLate(l Lender) (int, error)
}

// plainReader is any source as a [LateReader].
type plainReader struct{ io.Reader }

func (r plainReader) ReadLate(l Lender) (int, error) { return r.Read(l.Take()) }

// Lender lends a buffer to a [LateReader].
type Lender interface {
	// Take returns the buffer to read into.
	Take() []byte
	// Give takes it back. It returns false if there's none to give, as what came
	// before is still in it: then it may as well be waited with.
	Give() bool
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
		if len(r.b.p) != r.size {
			r.Free()
		}
	case len(r.b.p) > maxRunSize && r.holdAt == r.holdEnd && unread <= minSize/2:
		r.moveTo(getBuffer(r.size)) // the long message that it was for is over
	}
	if r.w > 0 {
		r.makeRoom()
	}
	for range 100 {
		n, err := r.src.ReadLate(r.Lender())
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
		if r.w == 0 {
			r.Free()
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// Lender returns what r passes to [LateReader.ReadLate].
func (r *Reader) Lender() Lender { return (*lender)(r) }

// lender is a Reader as its LateReader sees it.
type lender Reader

func (l *lender) Take() []byte {
	if l.b == nil {
		l.b = getBuffer(l.size)
	}
	return l.b.p[l.w:]
}

func (l *lender) Give() bool {
	if l.w > 0 {
		return false
	}
	if l.b != nil {
		l.b.put()
		l.b = nil
	}
	return true
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
