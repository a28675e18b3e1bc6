package frame

import (
	"io"
	"math"
	"math/bits"
)

// Reader reads the frames that a peer sends, checks their order and unmasks their
// payloads, without copying or allocating: payloads are slices of its read buffer.
// The package's documentation has the loop and says how long a slice is valid.
//
// The buffer comes from a pool, 4 KiB of it to begin with. It grows with the bytes
// that arrive, not with the lengths that headers promise: to four times as much as is
// unread or held, and to 64 KiB for a source that has much to give. It goes back to
// the pool when the source fails or ends while nothing is unread or held, and with
// [Reader.Free].
//
// A Reader is for one goroutine at a time. [NewReader] makes one; the zero value is
// of no use.
type Reader struct {
	src LateReader
	max int64 // the longest payload allowed in one frame; 0 for no limit

	b    *buffer // nil when idle
	size int     // of the next buffer
	r, w int     // b.p[r:w] is read and not yet consumed

	// The held bytes are b.p[holdAt:holdEnd]. They stand before r. The piece or
	// payload that was returned last is b.p[r-piece:r]; piece is 0 once it is no
	// longer valid.
	holdAt, holdEnd, piece int

	// The current frame.
	left   int64  // bytes of its payload not yet consumed
	key    uint32 // of the next of them, as turn returns it
	masked bool

	rules Rules
	err   *Error // the breach that ended reading, or nil
}

// NewReader returns a Reader of the frames that src sends to an endpoint with the
// given rules. The role in rules is that of the endpoint that reads: a [Server] takes
// masked frames only, a [Client] unmasked ones. A payload of more than maxPayload
// bytes is an *[Error] with [CodeTooBig] as soon as its header has arrived; 0 is no
// limit. NewReader reads nothing yet.
func NewReader(src io.Reader, rules Rules, maxPayload int64) *Reader {
	r := new(Reader)
	r.Init(plainReader{src}, rules, maxPayload)
	return r
}

// Next skips what is left of the current frame's payload and returns the header of
// the next frame, waiting for it if need be. At the end of the source it returns
// [io.EOF] between two frames and [io.ErrUnexpectedEOF] within one. A header that
// breaks the protocol is an *[Error].
func (r *Reader) Next() (h Header, err error) {
	err = r.ReadHeader(&h)
	return h, err
}

// ReadHeader is [Reader.Next] with the header stored to h, which saves a copy. After
// an error, h has no meaning. It is low-level: see the package's documentation.
func (r *Reader) ReadHeader(h *Header) error {
	if r.err != nil {
		return r.err
	}
	for r.left > 0 {
		if _, err := r.Piece(); err != nil {
			return err
		}
	}
	r.piece = 0
	for {
		if r.b != nil {
			p := r.b.p[r.r:r.w]
			n, err := h.short(p), error(nil)
			if n == 0 {
				n, err = h.parse(p)
			}
			if n > 0 {
				r.r += n
				if !r.rules.plain(h) {
					err = r.rules.Check(h)
				}
				if err == nil && r.max > 0 && h.Length > r.max {
					err = tooBig(h.Length, r.max)
				}
				if err == nil {
					r.left = h.Length
					r.masked, r.key = h.Masked, turn(h.Key, 0)
					return nil
				}
			}
			if err != nil {
				r.err = err.(*Error)
				return err
			}
		}
		if err := r.fill(); err != nil {
			if err == io.EOF && r.r < r.w {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
	}
}

// Piece returns the next bytes of the current frame's payload, unmasked: all that
// have arrived, or if none have, the next to arrive. It returns at least one byte or
// an error: [io.EOF] at the end of the payload, [io.ErrUnexpectedEOF] if the source
// ends before that. The slice is valid until the next call of a method of r other than
// Buffered, Left and Held; [Reader.Hold] keeps its bytes.
func (r *Reader) Piece() ([]byte, error) { return r.take(1) }

// Payload waits for the whole payload of the current frame, or for what Piece has left
// of it, and returns it unmasked as one slice: nil if nothing is left. It is valid as
// long as a piece is. If the source ends before, the error is [io.ErrUnexpectedEOF].
func (r *Reader) Payload() ([]byte, error) { return r.take(r.left) }

// take consumes what has arrived of the payload and returns it unmasked. It waits
// until that is at least want bytes.
func (r *Reader) take(want int64) ([]byte, error) {
	r.piece = 0
	n := int(min(r.left, int64(r.w-r.r)))
	if int64(n) < want {
		if r.left == 0 {
			return nil, io.EOF
		}
		if err := r.await(want); err != nil {
			return nil, err
		}
		n = int(min(r.left, int64(r.w-r.r)))
	}
	if n == 0 {
		return nil, nil
	}
	p := r.b.p[r.r : r.r+n : r.r+n]
	r.r += n
	r.left -= int64(n)
	r.piece = n
	if r.masked {
		mask(p, r.key)
		r.key = bits.RotateLeft32(r.key, -8*(n&3))
	}
	return p, nil
}

// await reads until at least n bytes of the payload are in the buffer.
func (r *Reader) await(n int64) error {
	if n > math.MaxInt/4 { // no memory has so much
		r.err = tooBig(n, math.MaxInt/4)
		return r.err
	}
	for int64(r.w-r.r) < n {
		if err := r.fill(); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
	}
	return nil
}

// Hold keeps the bytes that Piece or Payload returned last, behind those that are
// kept already. What is held stays until [Reader.Release], however many frames are
// read meanwhile. Control frames between the fragments of a message that are not held
// are left out. Bytes are moved only to close the gap that a header or a frame in
// between leaves. Hold does nothing if no bytes were returned since the last call.
func (r *Reader) Hold() {
	at := r.r - r.piece
	switch {
	case r.piece == 0:
		return
	case r.holdAt == r.holdEnd:
		r.holdAt, r.holdEnd = at, r.r
	case r.holdEnd == at:
		r.holdEnd = r.r
	default:
		r.holdEnd += copy(r.b.p[r.holdEnd:], r.b.p[at:r.r])
	}
	r.piece = 0
}

// Held returns all that is held as one slice, nil if nothing is. The slice is valid
// until the next call of a method of r other than Buffered, Left and Held.
func (r *Reader) Held() []byte {
	if r.holdAt == r.holdEnd {
		return nil
	}
	return r.b.p[r.holdAt:r.holdEnd:r.holdEnd]
}

// Release lets go of what is held, for the next message.
func (r *Reader) Release() { r.holdAt, r.holdEnd = 0, 0 }

// Buffered returns the number of bytes that were read from the source and are not yet
// consumed: headers and payloads.
func (r *Reader) Buffered() int { return r.w - r.r }

// Left returns the number of bytes of the current frame's payload that are not yet
// consumed.
func (r *Reader) Left() int64 { return r.left }

// Free gives the buffer back to the pool, at the end of a connection. No slice that r
// returned is valid any more, and bytes that were not consumed are lost.
func (r *Reader) Free() {
	if r.b != nil {
		r.b.put()
		r.b = nil
	}
	r.r, r.w, r.holdAt, r.holdEnd, r.piece = 0, 0, 0, 0, 0
}
