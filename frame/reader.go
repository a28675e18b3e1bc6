package frame

import (
	"encoding/binary"
	"io"
	"math"
)

// Reader reads frames without copying or allocating: payloads are slices of its
// read buffer, unmasked in place. The loop is
//
//	for {
//		h, err := r.Next()
//		if err != nil {
//			return err
//		}
//		p, err := r.Payload()
//		if err != nil {
//			return err
//		}
//		// use h and p; p is valid until the next call of a method of r
//	}
//
// With [Reader.Piece] instead of Payload, a long payload is handed out as it
// arrives; [Reader.Hold] then keeps the pieces that are to form one slice.
//
// An error of the source leaves the Reader as it was, so that reading can go on
// after, say, a deadline. A breach of the protocol is final. The buffer grows
// with the bytes that arrive, not with what headers promise, comes from a pool,
// and goes back to it when all is consumed and, with a [LateReader], nothing
// more is there to read.
//
// A Reader is for one goroutine at a time.
type Reader struct {
	src LateReader
	max int64 // of a frame's payload

	b    *buffer // nil when idle
	size int     // of the next buffer
	r, w int     // b.p[r:w] is read and not yet consumed

	// Held payload is b.p[holdAt:holdEnd], at or before r; the last piece is
	// b.p[r-piece:r].
	holdAt, holdEnd, piece int

	length int64   // of the current frame's payload
	left   int64   // of that, not yet consumed
	key    [4]byte // of the current frame, if masked
	masked bool
	rules  Rules
	err    *Error // a breach of the protocol
}

// NewReader returns a Reader of the frames that src sends to an endpoint with
// the given rules. A payload longer than maxPayload bytes is refused as soon as
// its header has arrived, with an *[Error] with [CodeTooBig]; 0 is no limit.
func NewReader(src io.Reader, rules Rules, maxPayload int64) *Reader {
	r := new(Reader)
	r.Init(plainReader{src}, rules, maxPayload)
	return r
}

// Init makes r what [NewReader] returns, but of a source that can wait without a
// buffer.
func (r *Reader) Init(src LateReader, rules Rules, maxPayload int64) {
	*r = Reader{src: src, rules: rules, max: maxPayload, size: minSize}
}

// Preload copies p to the end of what r has read but not consumed, as if it
// came from the source.
func (r *Reader) Preload(p []byte) {
	r.piece = 0
	for len(p) > 0 {
		r.makeRoom()
		n := copy(r.b.p[r.w:], p)
		r.w += n
		p = p[n:]
	}
}

// Next consumes what is left of the current frame and returns the header of the
// next. At the end of the source between two frames it returns [io.EOF], inside
// of one [io.ErrUnexpectedEOF]. For a header that is not allowed it returns an
// *[Error].
func (r *Reader) Next() (h Header, err error) {
	err = r.ReadHeader(&h)
	return h, err
}

// ReadHeader is [Reader.Next] into h, which saves copying it. With an error, what
// it leaves there means nothing.
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
					err = &Error{CodeTooBig, "10.4", "frame is longer than allowed"}
				}
				if err == nil {
					r.length, r.left = h.Length, h.Length
					r.masked, r.key = h.Masked, h.Key
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

// Fill reads from the source, at least one byte, if all that was read has been
// consumed. Its errors are the source's.
func (r *Reader) Fill() error {
	if r.r < r.w {
		return nil
	}
	return r.fill()
}

// Whole returns the opcode and the payload of the next frame if that has arrived
// to its end and is a message by itself: a final Text or Binary frame without
// reserved bits, of less than 64 KiB. Otherwise ok is false, nothing has been
// consumed, and [Reader.Next] tells what it is. So most messages can be had for
// less. The payload is as that of [Reader.Payload].
func (r *Reader) Whole() (op Opcode, p []byte, ok bool) {
	if r.b == nil || r.left > 0 || r.rules.open != 0 || r.err != nil {
		return 0, nil, false
	}
	b := r.b.p[r.r:r.w]
	if len(b) < 6 {
		return 0, nil, false
	}
	op = Opcode(b[0] ^ 0x80)
	masked := b[1]&0x80 != 0
	n, head := int(b[1]&0x7f), 2
	if n >= 126 {
		n, head = int(binary.BigEndian.Uint16(b[2:])), 4
		if n < 126 || b[1]&0x7f == 127 {
			return 0, nil, false
		}
	}
	if masked {
		head += 4
	}
	if op != Text && op != Binary || masked != (r.rules.Role == Server) || len(b)-head < n || r.max > 0 && int64(n) > r.max {
		return 0, nil, false
	}
	p = b[head : head+n : head+n]
	r.r += head + n
	r.piece = n
	if masked {
		mask(p, binary.LittleEndian.Uint32(b[head-4:]))
	}
	return op, p, true
}

// Piece returns the next bytes of the current frame's payload, unmasked: all
// that have arrived, at least one, waiting for it if need be. At the end of the
// payload it returns [io.EOF]; when the source ends before,
// [io.ErrUnexpectedEOF]. The slice is valid until the next call of a method of
// r; to keep its bytes, call [Reader.Hold], which may move them.
func (r *Reader) Piece() ([]byte, error) { return r.take(1) }

// Payload returns what is left of the current frame's payload as one slice,
// unmasked. It's valid until the next call of a method of r, as a piece is.
func (r *Reader) Payload() ([]byte, error) { return r.take(r.left) }

// take consumes all of the payload that has arrived, at least as many bytes as
// wanted, and returns it unmasked.
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
	at := int(r.length - r.left)
	r.r += n
	r.left -= int64(n)
	r.piece = n
	if r.masked {
		mask(p, turn(r.key, at))
	}
	return p, nil
}

// await reads until at least n bytes of the payload are in the buffer.
func (r *Reader) await(n int64) error {
	if n > math.MaxInt/4 {
		r.err = &Error{CodeTooBig, "10.4", "frame is longer than this machine's memory"}
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

// Hold appends the last piece or payload to the held bytes. What is held stays,
// as one slice, until [Reader.Release]; the frames in between are dropped.
// Bytes move only where a header has to be closed over.
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

// Held returns the held bytes. The slice is valid until the next call of a
// method of r.
func (r *Reader) Held() []byte {
	if r.holdAt == r.holdEnd {
		return nil
	}
	return r.b.p[r.holdAt:r.holdEnd:r.holdEnd]
}

// Release gives up the held bytes.
func (r *Reader) Release() { r.holdAt, r.holdEnd = 0, 0 }

// Buffered returns the number of bytes that are read and not yet consumed.
func (r *Reader) Buffered() int { return r.w - r.r }

// Ready reports whether the next frame has arrived to its end, after what is left of
// the current one.
func (r *Reader) Ready() bool {
	if r.b == nil || r.left > int64(r.w-r.r) {
		return false
	}
	p := r.b.p[r.r+int(r.left) : r.w]
	var h Header
	n := h.short(p)
	if n == 0 {
		n, _ = h.parse(p)
	}
	return n > 0 && h.Length <= int64(len(p)-n)
}

// Left returns the number of bytes of the current frame's payload that are not
// yet consumed.
func (r *Reader) Left() int64 { return r.left }

// Detach gives up the buffer together with what is held, but not to the pool:
// slices that were handed out stay valid for ever. Reading goes on, nothing
// unread is lost.
func (r *Reader) Detach() {
	if r.b == nil {
		return
	}
	unread := r.b.p[r.r:r.w]
	r.b = nil
	r.r, r.w, r.holdAt, r.holdEnd, r.piece = 0, 0, 0, 0, 0
	r.Preload(unread)
}

// Free gives the buffer back. No slice of r is valid after, and bytes that were
// read and not consumed are lost. It is for the end of a connection.
func (r *Reader) Free() {
	if r.b != nil {
		r.b.put()
		r.b = nil
	}
	r.r, r.w, r.holdAt, r.holdEnd, r.piece = 0, 0, 0, 0, 0
}
