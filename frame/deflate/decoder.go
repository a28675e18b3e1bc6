package deflate

import (
	"math"
	"slices"
	"sync"
)

// A Decoder inflates the messages of one direction of one connection. It isn't
// safe for concurrent use.
//
// Between messages it holds no memory without context takeover, and with it the
// last bytes of what it inflated, at most a window of them.
//
// After an error it's of no use any more: every later call gets the same error.
type Decoder struct {
	size int // of the window
	keep bool
	hist history
	err  error

	// Where it is in the message.
	state state
	last  bool // block with BFINAL set
	acc   uint64
	n     uint // bits in acc
	left  int
	back  int
	in    int64  // bytes of the message that have been fed
	total int64  // bytes of the message that came out
	c     *codes // held in a message
}

var codePool = sync.Pool{New: func() any { return new(codes) }}

// NewDecoder returns a decoder for what was agreed on. It panics if the window
// isn't one that RFC 7692 knows.
func NewDecoder(c Config) *Decoder {
	return &Decoder{size: c.size(), keep: c.Takeover}
}

// Append inflates src, which is the whole payload of a message or what was left
// of it by [Decoder.AppendPart], appends it to dst and returns the extended slice. It doesn't keep src, nor change it; it may write
// to dst's capacity beyond what it returns. If the message has more than limit
// bytes, the error is a *[LimitError], and no more than limit were appended; if
// it's corrupt, it's a *[CorruptError]. Also with an error, what was inflated
// until then is returned.
func (d *Decoder) Append(dst, src []byte, limit int64) ([]byte, error) {
	return d.append(dst, src, limit, true)
}

// AppendPart inflates a part of a message's payload, cut off anywhere, and
// appends what can be told by then to dst, as Append does. The limit is that of
// the message, not of the part. [Decoder.End] ends the message.
func (d *Decoder) AppendPart(dst, src []byte, limit int64) ([]byte, error) {
	return d.append(dst, src, limit, false)
}

func (d *Decoder) append(dst, src []byte, limit int64, final bool) ([]byte, error) {
	if d.err != nil {
		return dst, d.err
	}
	d.in += int64(len(src))
	base := len(dst)
	n := base
	room := math.MaxInt - base // what may come out
	if left := max(limit-d.total, 0); left < int64(room) {
		room = int(left)
	}
	if cap(dst)-base < len(src)/2 {
		dst = slices.Grow(dst, min(room, 2*min(len(src), 1<<20))) // a guess
	}
	for {
		var stop why
		out := dst[:min(cap(dst), base+room)]
		n, src, stop = d.inflate(out, base, n, src)
		if stop != wantOut {
			break
		}
		if n-base == room {
			d.fail(&LimitError{limit})
			break
		}
		dst = slices.Grow(dst[:n], min(room-(n-base), max(n, 512)))
	}
	dst = dst[:n]
	d.total += int64(n - base)
	if d.err == nil && (d.keep || !final) {
		d.remember(dst[base:])
	}
	if final {
		return dst, d.End()
	}
	return dst, d.err
}

// remember adds p to what later parts may refer to.
func (d *Decoder) remember(p []byte) {
	if !d.keep && d.hist.ring == nil && len(p) > 0 {
		d.hist.borrow(d.size)
	}
	d.hist.add(p, d.size)
}

// Decode inflates a part of a message's payload into dst and returns how many
// bytes it wrote there and how many of src it has used. It's for messages that
// are not to be held whole. It returns when dst is full or src is used up:
// as long as n == len(dst) there may be more to come, even if src is empty by
// then. Errors and the limit are as those of [Decoder.Append].
func (d *Decoder) Decode(dst, src []byte, limit int64) (n, used int, err error) {
	if d.err != nil {
		return 0, 0, d.err
	}
	d.in += int64(len(src))
	out := dst
	if left := max(limit-d.total, 0); left < int64(len(dst)) {
		out = dst[:left]
	}
	n, rest, stop := d.inflate(out, 0, 0, src)
	d.in -= int64(len(rest))
	d.total += int64(n)
	if stop == wantOut && n < len(dst) {
		d.fail(&LimitError{limit})
	}
	if d.err == nil {
		d.remember(out[:n])
	}
	return n, len(src) - len(rest), d.err
}

// End ends the message: it checks that nothing is missing, and lets the next
// one begin. What the sender left off (00 00 FF FF, RFC 7692 section 7.2.1) is
// not to be fed. It returns a *[CorruptError] if the message is cut short.
func (d *Decoder) End() error {
	if d.err != nil {
		return d.err
	}
	// The four bytes would be the length of an empty stored block. A message
	// that ends between two blocks is complete too: an empty one, or one whose
	// sender left nothing off.
	if d.state != atStored && d.state != atBlock || d.n > 0 {
		d.corrupt(nil, "RFC 7692 section 7.2.2", "message ends within a block")
		return d.err
	}
	d.release()
	d.state, d.in, d.total = atBlock, 0, 0
	return nil
}

// release gives back what is for one message.
func (d *Decoder) release() {
	if d.c != nil {
		if poison {
			fill(d.c.litTable[:], kindBad)
			fill(d.c.distTable[:], kindBad)
			fill(d.c.lens[:], 0xDD)
		}
		codePool.Put(d.c)
		d.c = nil
	}
	if !d.keep {
		d.hist.clear()
	}
}

// fail ends the decoder's life.
func (d *Decoder) fail(err error) why {
	d.err = err
	d.keep = false
	d.release()
	return broken
}

// corrupt fails; rest is the input not looked at.
func (d *Decoder) corrupt(rest []byte, section, text string) why {
	return d.fail(&CorruptError{d.in - int64(len(rest)) - int64(d.n/8), section, text})
}
