package frame

import (
	"encoding/binary"
	"io"
)

// This file has the methods of a Reader that only package websocket needs. The
// package's documentation says why.

// LateReader is a source that waits for bytes before it takes a buffer to put them
// in, so that an idle connection holds none. It is low-level: see the package's
// documentation.
type LateReader interface {
	// ReadLate reads as [io.Reader] says, into the buffer that l.Take returns. It
	// calls l.Give each time before it waits, whether it took the buffer or not.
	ReadLate(l Lender) (int, error)
}

// Lender lends the buffer of a [Reader] to a [LateReader], for the time of one call
// of ReadLate. It is low-level: see the package's documentation.
type Lender interface {
	// Take returns the buffer to read into, which is never empty. The bytes belong to
	// the LateReader until it calls Give or returns.
	Take() []byte
	// Give gives the buffer back. It reports whether the Reader holds none now. If
	// the buffer has bytes that are still needed the Reader keeps it, and Give
	// returns false.
	Give() bool
}

// plainReader makes a LateReader of an io.Reader. It waits with the buffer.
type plainReader struct{ io.Reader }

func (r plainReader) ReadLate(l Lender) (int, error) { return r.Read(l.Take()) }

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

// Lender returns what r passes to [LateReader.ReadLate]. It is low-level: see the
// package's documentation.
func (r *Reader) Lender() Lender { return (*lender)(r) }

// Init makes r the Reader that [NewReader] returns, with a source that can wait
// without a buffer. Whatever r was before is overwritten, and a buffer that it had is
// not given back. It is low-level: see the package's documentation.
func (r *Reader) Init(src LateReader, rules Rules, maxPayload int64) {
	*r = Reader{src: src, rules: rules, max: maxPayload, size: minSize}
}

// Preload copies p behind the bytes that were read and not yet consumed, as if it had
// come from the source: bytes that arrived together with an opening handshake, for
// example. It is low-level: see the package's documentation.
func (r *Reader) Preload(p []byte) {
	r.piece = 0
	for len(p) > 0 {
		r.makeRoom()
		n := copy(r.b.p[r.w:], p)
		r.w += n
		p = p[n:]
	}
}

// Fill reads at least one byte from the source, unless bytes are left that were read
// and not consumed: then it does nothing. Its errors are the source's, [io.EOF]
// included. It is low-level: see the package's documentation.
func (r *Reader) Fill() error {
	if r.r < r.w {
		return nil
	}
	return r.fill()
}

// Whole consumes the next frame if all of it has arrived and it is a message by
// itself: a final Text or Binary frame, without reserved bits, of less than 64 KiB,
// that breaks no rule. It returns the opcode and the unmasked payload, which is valid
// as long as that of [Reader.Payload]. Otherwise, and if fewer than 6 bytes have arrived,
// ok is false, nothing is consumed, and [Reader.Next] returns the frame or its error. It
// is low-level: see the package's documentation.
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

// Ready reports whether the next frame has arrived to its end, behind what is left of
// the current one. It is low-level: see the package's documentation.
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

// Detach gives the buffer away: slices of it that were returned stay valid for ever,
// as it never goes back to the pool. What was held is released. Unread bytes are
// copied to another buffer, so that reading goes on. It is low-level: see the
// package's documentation.
func (r *Reader) Detach() {
	if r.b == nil {
		return
	}
	unread := r.b.p[r.r:r.w]
	r.b = nil
	r.r, r.w, r.holdAt, r.holdEnd, r.piece = 0, 0, 0, 0, 0
	r.Preload(unread)
}
