package deflate

import "io"

// A Reader inflates one message of any length, holding nothing of it but the
// window. It isn't safe for concurrent use, and while it's in use its decoder
// isn't to be used for anything else.
type Reader struct {
	d     *Decoder
	next  func() (piece []byte, final bool, err error)
	limit int64
	in    []byte
	final bool // in is the last piece
	more  bool // the last call filled its slice
	err   error
}

// NewReader returns a reader of d's next message, whose payload comes in pieces
// from next, which are cut anywhere and of which the last is final. A piece must
// stay valid until the next call. An error of next is returned by Read; the
// reader can be read from again after it, which calls next again.
func (d *Decoder) NewReader(next func() (piece []byte, final bool, err error), limit int64) *Reader {
	return &Reader{d: d, next: next, limit: limit}
}

// Read inflates into p what there is, and waits for pieces only if that's
// nothing. At the end of the message it returns [io.EOF]; a [Decoder.Append]'s
// errors, once returned, stay.
func (r *Reader) Read(p []byte) (int, error) {
	for r.err == nil && len(p) > 0 {
		if len(r.in) == 0 && !r.more {
			if r.final {
				if r.err = r.d.End(); r.err == nil {
					r.err = io.EOF
				}
				break
			}
			piece, final, err := r.next()
			if err != nil {
				return 0, err
			}
			r.in, r.final = piece, final
		}
		n, used, err := r.d.Decode(p, r.in, r.limit)
		r.in, r.more, r.err = r.in[used:], n == len(p), err
		if n > 0 {
			return n, nil
		}
	}
	return 0, r.err
}
