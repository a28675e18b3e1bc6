package deflate

import "encoding/binary"

// state says what a decoder reads next.
type state uint8

const (
	atBlock   state = iota // the header of a block, or the message's end
	atStored               // LEN and NLEN of a stored block
	inStored               // left bytes of a stored block
	atDynamic              // the counts of a dynamic block
	atCodes                // code lengths of code lengths
	atLens                 // code lengths
	inBlock                // symbols
	inMatch                // left bytes of a match
)

// why says what made inflate stop.
type why uint8

const (
	wantIn  why = iota // src is used up
	wantOut            // out is full
	broken             // d.err is set
)

// codes is the memory that a decoder needs for blocks with Huffman codes. It is from
// codePool, for the time of one message.
type codes struct {
	lit, dist         []entry // the tables of the block: fixed ones, or those below
	litBits, distBits uint    // the number of their index bits

	// For dynamic blocks.
	lits, dists, sent uint // number of literal, distance and code length codes
	read              uint // number of lengths that are read
	codeBits          uint // the number of index bits of codeTable
	lens              [numLit + numDist]uint8
	litTable          [litRoom]entry
	distTable         [distRoom]entry
	codeTable         [1 << maxCodeBits]entry
}

// fill moves whole bytes from src to acc until it has at least 56 bits or src is empty, and
// returns the rest of src. acc never has 64 bits.
func (d *Decoder) fill(src []byte) []byte {
	if d.n < 56 && len(src) >= 8 {
		d.acc |= binary.LittleEndian.Uint64(src) << d.n
		k := (63 - d.n) / 8
		d.n += 8 * k
		d.acc &= 1<<d.n - 1
		return src[k:]
	}
	for d.n < 56 && len(src) > 0 {
		d.acc |= uint64(src[0]) << (d.n & 63)
		d.n += 8
		src = src[1:]
	}
	return src
}

// take returns the next n bits, at most d.n, and removes them from acc.
func (d *Decoder) take(n uint) uint {
	v := uint(d.acc & (1<<n - 1))
	d.acc >>= n
	d.n -= n
	return v
}

// inflate decodes src into out[n:]; out[base:n] is what was decoded right before. It
// returns the new n, the rest of src and why it stopped. It can be called again after that
// with more of what it lacks.
func (d *Decoder) inflate(out []byte, base, n int, src []byte) (int, []byte, why) {
	for {
		src = d.fill(src)
		stop := false
		switch d.state {
		case atBlock:
			if d.n < 3 {
				return n, src, wantIn
			}
			d.last = d.take(1) == 1
			kind := d.take(2)
			if d.c == nil && kind != 0 {
				d.c = codePool.Get().(*codes)
			}
			switch kind {
			case 0:
				d.take(d.n & 7)
				d.state = atStored
			case 1:
				d.c.lit, d.c.litBits = fixedLitTable[:], 9
				d.c.dist, d.c.distBits = fixedDistTable[:], 5
				d.state = inBlock
			case 2:
				d.state = atDynamic
			default:
				return n, src, d.corrupt(src, "3.2.3", "block of the reserved type")
			}
		case atStored:
			if d.n < 32 {
				return n, src, wantIn
			}
			d.left = int(d.take(16))
			if ^d.left&0xFFFF != int(d.take(16)) {
				return n, src, d.corrupt(src, "3.2.4", "stored block whose LEN and NLEN differ")
			}
			d.state = inStored
		case inStored:
			n, src = d.copyStored(out, n, src)
			switch {
			case d.left == 0:
				d.endBlock()
			case n == len(out):
				return n, src, wantOut
			default:
				return n, src, wantIn
			}
		case inBlock:
			n, src, stop = d.symbols(out, base, n, src)
			if d.err != nil {
				return n, src, broken
			}
			if stop {
				return n, src, wantIn
			}
			if d.state == inBlock && n == len(out) {
				return n, src, wantOut
			}
		case inMatch:
			n = d.match(out, base, n)
			if d.left > 0 {
				return n, src, wantOut
			}
			d.state = inBlock
		default:
			if src, stop = d.header(src); d.err != nil {
				return n, src, broken
			} else if stop {
				return n, src, wantIn
			}
		}
	}
}

// endBlock ends a block. After the last block of a DEFLATE stream, another stream may follow
// on the next byte boundary (RFC 7692 section 7.2.3.4).
func (d *Decoder) endBlock() {
	if d.last {
		d.take(d.n & 7)
	}
	d.state = atBlock
}

// copyStored copies what it can of a stored block, beginning with the bytes in acc.
func (d *Decoder) copyStored(out []byte, n int, src []byte) (int, []byte) {
	for d.left > 0 && d.n >= 8 && n < len(out) {
		out[n] = byte(d.take(8))
		n++
		d.left--
	}
	if d.n == 0 {
		k := copy(out[n:], src[:min(len(src), d.left)])
		n += k
		d.left -= k
		src = src[k:]
	}
	return n, src
}

// match copies what it can of a match of d.left bytes from d.back bytes before.
func (d *Decoder) match(out []byte, base, n int) int {
	end := min(n+d.left, len(out))
	d.left -= end - n
	if before := d.back - (n - base); before > 0 { // it begins in the history
		p, q := d.hist.back(before)
		k := copy(out[n:end], p)
		k += copy(out[n+k:end], q)
		n += k
	}
	for from := n - d.back; n < end; { // twice as much each time, if the match overlaps itself
		n += copy(out[n:end], out[from:n])
	}
	return n
}
