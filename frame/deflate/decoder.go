package deflate

import (
	"math"
	"slices"
	"sync"
)

// A Decoder inflates the messages of one direction of one connection. It is for one
// goroutine at a time.
//
// Between messages it holds no memory without context takeover; with it, it holds at most
// the window. After an error each call returns the same error again.
type Decoder struct {
	size int     // of the window in bytes
	keep bool    // context takeover: the history outlives the message
	hist history // what a reference can refer to, before the output of this call
	err  error   // ends the decoder's life

	// The place within the message.
	state state
	last  bool   // the block has BFINAL set
	acc   uint64 // input bits that are not decoded yet, the next one lowest
	n     uint   // number of bits in acc
	left  int    // bytes left of a stored block or a match
	back  int    // the distance of the match
	in    int64  // bytes of the message that were passed in
	total int64  // bytes of the message that came out
	c     *codes // from the pool, until the end of the message; nil if not needed yet
}

// codePool has the memory that decoders need within a message.
var codePool = sync.Pool{New: func() any { return new(codes) }}

// NewDecoder returns a decoder of messages that were compressed with what c says. It
// panics if c.WindowBits is not 0 or 8 to 15.
func NewDecoder(c Config) *Decoder {
	return &Decoder{size: c.size(), keep: c.Takeover}
}

// Append inflates src, the whole payload of a message or its last part after calls of
// [Decoder.AppendPart], appends the output to dst and returns the extended slice. The
// capacity of dst beyond that may be overwritten. With an error too, the slice has what
// was inflated until then.
//
// Limit is the most bytes that the whole message may inflate to. If it has more, exactly
// limit bytes come out and the error is a *[LimitError]; if the payload is corrupt or cut
// short, it is a *[CorruptError].
func (d *Decoder) Append(dst, src []byte, limit int64) ([]byte, error) {
	return d.append(dst, src, limit, true)
}

// AppendPart inflates a part of a message's payload, which may be cut anywhere, and
// appends all that it stands for to dst, as Append does. Limit is that of the whole
// message. The last part is passed to [Decoder.Append], or [Decoder.End] is called.
func (d *Decoder) AppendPart(dst, src []byte, limit int64) ([]byte, error) {
	return d.append(dst, src, limit, false)
}

// append is Append if final is set, and AppendPart otherwise.
func (d *Decoder) append(dst, src []byte, limit int64, final bool) ([]byte, error) {
	if d.err != nil {
		return dst, d.err
	}
	d.in += int64(len(src))
	base := len(dst)
	n := base
	room := math.MaxInt - base // the bytes that may come out
	if left := max(limit-d.total, 0); left < int64(room) {
		room = int(left)
	}
	if cap(dst)-base < len(src)/2 {
		dst = slices.Grow(dst, min(room, 2*min(len(src), 1<<20))) // a guess: twice the input
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

// remember adds p, which was just put out, to what later parts and messages may refer to.
func (d *Decoder) remember(p []byte) {
	if !d.keep && d.hist.ring == nil && len(p) > 0 {
		d.hist.borrow(d.size)
	}
	d.hist.add(p, d.size)
}

// Decode inflates a part of a message's payload into dst, for messages that are not to be
// held whole. It returns when dst is full or src is used up: n is the number of bytes
// written to dst, and used the number of bytes of src that need not be passed again.
// While n == len(dst), call it again with what is left of src, even if that is empty, as
// more output may be waiting. Limit and errors are those of [Decoder.Append]. [Decoder.End]
// ends the message.
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

// End ends a message that was passed in parts: it checks that nothing is missing, and
// lets the next message begin. The bytes 00 00 FF FF, which the sender left off (RFC 7692
// section 7.2.1), are not to be passed in before. It returns a *[CorruptError] if the
// message is cut short.
func (d *Decoder) End() error {
	if d.err != nil {
		return d.err
	}
	// The four bytes would be the length of an empty stored block. A message that ends
	// between two blocks is complete too: it is empty, or its sender left nothing off.
	if d.state != atStored && d.state != atBlock || d.n > 0 {
		d.corrupt(nil, "RFC 7692 section 7.2.2", "message ends within a block")
		return d.err
	}
	d.release()
	d.state, d.in, d.total = atBlock, 0, 0
	return nil
}

// release gives back the memory that is for one message only.
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

// fail makes err the result of this and all later calls, and gives back all memory.
func (d *Decoder) fail(err error) why {
	d.err = err
	d.keep = false
	d.release()
	return broken
}

// corrupt fails with a [CorruptError]. rest is the input behind the place that is wrong.
func (d *Decoder) corrupt(rest []byte, section, text string) why {
	return d.fail(&CorruptError{d.in - int64(len(rest)) - int64(d.n/8), section, text})
}
