package deflate

import "encoding/binary"

const (
	badSymbol   = "invalid literal or length code"
	badDistance = "invalid distance code"
)

// symbols decodes the symbols of a block. Near the ends of out and src it looks at a symbol
// only when all of its bits are there; in between it leaves the work to fast. It returns
// true if it needs more input.
func (d *Decoder) symbols(out []byte, base, n int, src []byte) (int, []byte, bool) {
	for {
		if n <= len(out)-roomOut && len(src) >= roomIn {
			n, src = d.fast(out, base, n, src)
			if d.state != inBlock || d.err != nil {
				return n, src, false
			}
		}
		// A length and a distance with their extra bits take at most 48 bits. If acc has
		// fewer after fill, src is used up.
		if d.n < 48 {
			src = d.fill(src)
		}
		acc, have := d.acc, int(d.n)
		e := d.c.lit[acc&(1<<d.c.litBits-1)]
		if e&kindSub != 0 {
			acc >>= e.len()
			have -= int(e.len())
			e = d.c.lit[e.value()+uint(acc)&(1<<e.extra()-1)]
		}
		value := e.value() + uint(acc>>e.len())&(1<<e.extra()-1)
		acc >>= e.len() + e.extra()
		have -= int(e.len() + e.extra())
		switch {
		case have < 0:
			return n, src, true
		case e&kindLiteral != 0:
			if n == len(out) {
				return n, src, false
			}
			out[n] = byte(value)
			n++
			d.acc, d.n = acc, uint(have)
			continue
		case e&kindEnd != 0:
			d.acc, d.n = acc, uint(have)
			d.endBlock()
			return n, src, false
		case e&kindBad != 0:
			d.corrupt(src, "3.2.5", badSymbol)
			return n, src, false
		}
		e = d.c.dist[acc&(1<<d.c.distBits-1)]
		if e&kindSub != 0 {
			acc >>= e.len()
			have -= int(e.len())
			e = d.c.dist[e.value()+uint(acc)&(1<<e.extra()-1)]
		}
		dist := int(e.value() + uint(acc>>e.len())&(1<<e.extra()-1))
		acc >>= e.len() + e.extra()
		have -= int(e.len() + e.extra())
		if have < 0 {
			return n, src, true
		}
		d.acc, d.n = acc, uint(have)
		d.left, d.back, d.state = int(value), dist, inMatch
		d.check(e, dist, n-base, src)
		return n, src, false
	}
}

// check fails if a distance refers to nothing. produced is the number of bytes of the output
// of this call.
func (d *Decoder) check(e entry, dist, produced int, src []byte) {
	switch {
	case e&kindBad != 0:
		d.corrupt(src, "3.2.5", badDistance)
	case dist > d.size:
		d.corrupt(src, "RFC 7692 section 7.1.2", "distance beyond the window that was agreed on")
	case dist > d.hist.n+produced:
		d.corrupt(src, "3.2.5", "distance beyond the start of the data")
	}
}

// roomOut and roomIn are the bytes of output and input that fast needs to go on without
// looking: the longest match, three literals and 8 bytes that may be overwritten; enough
// input to fill acc twice.
const (
	roomOut = maxMatch + 3 + 8
	roomIn  = 16
)

// fast decodes symbols while there is enough room and input for any symbol.
func (d *Decoder) fast(out []byte, base, n int, src []byte) (int, []byte) {
	acc, have := d.acc, d.n
	lit, dist := d.c.lit, d.c.dist
	litMask, distMask := uint64(1)<<d.c.litBits-1, uint64(1)<<d.c.distBits-1
	i := 0
	for n <= len(out)-roomOut && i <= len(src)-roomIn {
		acc |= binary.LittleEndian.Uint64(src[i:]) << (have & 63)
		i += int(63-have) >> 3
		have |= 56
		e := lit[acc&litMask]
		if e&kindLiteral != 0 { // up to three literals, each with a code of at most litIndex bits
			o := out[n : n+3]
			o[0] = byte(e >> 16)
			acc >>= e & 31
			have -= e.len()
			if e = lit[acc&litMask]; e&kindLiteral != 0 {
				o[1] = byte(e >> 16)
				acc >>= e & 31
				have -= e.len()
				if e = lit[acc&litMask]; e&kindLiteral != 0 {
					o[2] = byte(e >> 16)
					acc >>= e & 31
					have -= e.len()
					n += 3
					continue
				}
				n++
			}
			n++
		}
		if e&(kindSub|kindEnd|kindBad) != 0 {
			if e&kindSub != 0 {
				acc >>= e & 31
				have -= e.len()
				e = lit[e.value()+uint(acc)&(1<<(e.extra()&15)-1)]
			}
			if e&(kindLiteral|kindEnd|kindBad) != 0 {
				acc >>= e & 31
				have -= e.len()
				if e&kindLiteral != 0 {
					out[n] = byte(e >> 16)
					n++
					continue
				}
				d.acc, d.n = acc&(1<<have-1), have
				if e&kindBad != 0 {
					d.corrupt(src[i:], "3.2.5", badSymbol)
				} else {
					d.endBlock()
				}
				return n, src[i:]
			}
		}
		length := int(e.value() + uint(acc>>(e&31))&(1<<(e.extra()&15)-1))
		acc >>= (e.len() + e.extra()) & 63
		have -= e.len() + e.extra()
		if have < 28 {
			acc |= binary.LittleEndian.Uint64(src[i:]) << (have & 63)
			i += int(63-have) >> 3
			have |= 56
		}
		e = dist[acc&distMask]
		if e&kindSub != 0 {
			acc >>= e & 31
			have -= e.len()
			e = dist[e.value()+uint(acc)&(1<<(e.extra()&15)-1)]
		}
		back := int(e.value() + uint(acc>>(e&31))&(1<<(e.extra()&15)-1))
		acc >>= (e.len() + e.extra()) & 63
		have -= e.len() + e.extra()
		if back > n-base || back > d.size || e&kindBad != 0 {
			d.acc, d.n = acc&(1<<have-1), have
			if d.check(e, back, n-base, src[i:]); d.err != nil {
				return n, src[i:]
			}
			d.left, d.back = length, back
			n = d.match(out, base, n)
			continue
		}
		n += length
		copyMatch(out[n-length-back:n+8], back, length)
	}
	d.acc, d.n = acc&(1<<have-1), have
	return n, src[i:]
}

// copyMatch copies length bytes from the beginning of p to p[back:], which may overlap them.
// It may overwrite up to 8 bytes behind.
func copyMatch(p []byte, back, length int) {
	to := p[back:]
	switch {
	case back >= 8:
		for k := 0; k < length; k += 8 {
			binary.LittleEndian.PutUint64(to[k:], binary.LittleEndian.Uint64(p[k:]))
		}
	case back == 1:
		v := uint64(p[0]) * 0x0101010101010101
		for k := 0; k < length; k += 8 {
			binary.LittleEndian.PutUint64(to[k:], v)
		}
	default:
		for k := range to[:length] {
			to[k] = p[k]
		}
	}
}
