package deflate

// minHeader is fewer bits than the header of any dynamic block takes.
const minHeader = 14 + 3*4 + 16

// header is the header of a dynamic block: the lengths of its codes, run-length encoded in
// a Huffman code of their own (RFC 1951 section 3.2.7).
type header struct {
	lits, dists int                      // number of literal and distance codes
	ops         [numLit + numDist]uint16 // symbol | extra<<8
	n           int                      // number of ops
	freq        [numCode]uint32
	lens        [numCode]uint8
	codes       [numCode]code
	sent        int // number of code lengths of code lengths
}

// codeExtra has the number of extra bits of the symbols 16 to 18.
var codeExtra = [numCode]uint8{16: 2, 17: 3, 18: 7}

// make prepares the header and returns its size in bits.
func (h *header) make(huff *huffman, lit, dist []uint8) uint {
	h.lits, h.dists, h.n = len(lit), len(dist), 0
	h.freq = [numCode]uint32{}
	h.runs(lit)
	h.runs(dist)
	_, size := huff.lengths(h.freq[:], h.lens[:], maxCodeBits)
	assign(h.codes[:], h.lens[:], huff.syms[:huff.n])
	h.sent = numCode
	for h.sent > 4 && h.lens[codeOrder[h.sent-1]] == 0 {
		h.sent--
	}
	size += 2*uint(h.freq[16]) + 3*uint(h.freq[17]) + 7*uint(h.freq[18])
	return size + 14 + 3*uint(h.sent)
}

// runs appends the code lengths as ops. Runs across the border of the two alphabets would be
// allowed but are rare.
func (h *header) runs(lens []uint8) {
	for i := 0; i < len(lens); {
		l := lens[i]
		end := i + 1
		for end < len(lens) && lens[end] == l {
			end++
		}
		n := end - i
		i = end
		if l == 0 {
			for n >= 11 {
				k := min(n, 138)
				h.op(18, k-11)
				n -= k
			}
			if n >= 3 {
				h.op(17, n-3)
				n = 0
			}
		} else {
			h.op(uint16(l), 0)
			n--
			for n >= 3 {
				k := min(n, 6)
				h.op(16, k-3)
				n -= k
			}
		}
		for ; n > 0; n-- {
			h.op(uint16(l), 0)
		}
	}
}

// op appends a symbol with its extra bits, and counts it.
func (h *header) op(sym uint16, extra int) {
	h.ops[h.n] = sym | uint16(extra)<<8
	h.n++
	h.freq[sym]++
}

// append writes the header.
func (h *header) append(w *bitWriter) {
	w.add(uint64(h.lits-257)|uint64(h.dists-1)<<5|uint64(h.sent-4)<<10, 14)
	for _, s := range codeOrder[:h.sent] {
		w.add(uint64(h.lens[s]), 3)
	}
	for _, op := range h.ops[:h.n] {
		sym := op & 31
		c := h.codes[sym]
		w.add(c.bits()|uint64(op>>8)<<c.len(), c.len()+uint(codeExtra[sym]))
	}
}
