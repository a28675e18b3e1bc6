package deflate

import (
	"encoding/binary"
	"slices"
)

// A bitWriter appends bits to out, the first one lowest in its byte (RFC 1951 section
// 3.1.1). Between its methods acc has at most 7 bits after flush, and 31 after add.
type bitWriter struct {
	out []byte
	acc uint64 // bits that are not in out yet
	n   uint   // number of bits in acc
}

// add appends the n lowest bits of v, at most 32. The others must be 0.
func (w *bitWriter) add(v uint64, n uint) {
	w.acc |= v << w.n
	w.n += n
	if w.n >= 32 {
		w.out = binary.LittleEndian.AppendUint32(w.out, uint32(w.acc))
		w.acc >>= 32
		w.n -= 32
	}
}

// flush moves the whole bytes of acc to out.
func (w *bitWriter) flush() {
	for ; w.n >= 8; w.n -= 8 {
		w.out = append(w.out, byte(w.acc))
		w.acc >>= 8
	}
}

// align appends zeros up to the next byte boundary.
func (w *bitWriter) align() {
	w.n = (w.n + 7) &^ 7
	w.flush()
}

// storedBits returns the size in bits of what stored appends for p, without the first three.
func (w *bitWriter) storedBits(p []byte) uint {
	return uint(len(p))*8 + 32 + (8-kindBits-w.n)&7
}

// stored appends p in stored blocks (RFC 1951 section 3.2.4).
func (w *bitWriter) stored(p []byte) {
	w.out = slices.Grow(w.out, len(p)+8)
	for len(p) > 0 {
		n := min(len(p), maxStored)
		w.add(0, 3)
		w.align()
		w.out = binary.LittleEndian.AppendUint16(w.out, uint16(n))
		w.out = binary.LittleEndian.AppendUint16(w.out, ^uint16(n))
		w.out = append(w.out, p[:n]...)
		p = p[n:]
	}
}

// body appends the symbols of a block and the end of block, at most size bytes: seqs with
// literals from src.
func (w *bitWriter) body(src []byte, seqs []seq, lit *[288]code, dist *[32]code, size int) {
	w.flush()
	out := slices.Grow(w.out, size+16)
	out = out[:cap(out)]
	n, acc, have := len(w.out), w.acc, w.n // have is at most 7 between two steps
	for _, q := range seqs {
		lits := int(q.lits)
		for ; lits >= 3; lits -= 3 {
			run := src[:3]
			c := lit[run[0]]
			acc |= c.bits() << (have & 63)
			have += c.len()
			c = lit[run[1]]
			acc |= c.bits() << (have & 63)
			have += c.len()
			c = lit[run[2]]
			acc |= c.bits() << (have & 63)
			have += c.len()
			binary.LittleEndian.PutUint64(out[n:], acc)
			n += int(have >> 3)
			acc >>= have & 56
			have &= 7
			src = src[3:]
		}
		if q.len == 0 { // the rest of the block
			for _, b := range src[:lits] {
				c := lit[b]
				acc |= c.bits() << (have & 63)
				have += c.len()
			}
			break
		}
		// The last 0 to 2 literals. A branch would be mispredicted too often, so two bytes
		// are always taken, and those that belong to the match get an empty code.
		run := src[:2]
		c := lit[run[0]] & -code((lits+1)>>1)
		acc |= c.bits() << (have & 63)
		have += c.len()
		c = lit[run[1]] & -code(lits>>1)
		acc |= c.bits() << (have & 63)
		have += c.len()
		src = src[lits+int(q.len):]

		s := lenSym[uint8(q.len-minMatch)]
		c = lit[257+int(s)]
		acc |= c.bits() << (have & 63)
		have += c.len()
		acc |= uint64(q.len-lenBase[s]) << (have & 63)
		have += uint(lenExtra[s])
		binary.LittleEndian.PutUint64(out[n:], acc) // at most 7 + 3*15 + 5 bits
		n += int(have >> 3)
		acc >>= have & 56
		have &= 7
		d := symbolOf(uint(q.dist - 1))
		c = dist[d&31]
		acc |= c.bits() << (have & 63)
		have += c.len()
		acc |= uint64(q.dist-distBase[d]) << (have & 63)
		have += uint(distExtra[d])
		binary.LittleEndian.PutUint64(out[n:], acc)
		n += int(have >> 3)
		acc >>= have & 56
		have &= 7
	}
	w.out, w.acc, w.n = out[:n], acc, have
	w.flush()
	end := lit[endOfBlock]
	w.add(end.bits(), end.len())
	w.flush()
}
