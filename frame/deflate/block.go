package deflate

const (
	maxStored = 1<<16 - 1 // bytes in a stored block

	// A block ends when it has this many bytes of input, or a match more, or this many
	// seqs.
	maxBlock = maxStored - maxMatch
	maxSeqs  = 1 << 12

	// A dynamic block with fewer symbols is hardly ever worth its header, and finding
	// that out takes longer than all other work on it.
	minDynamic = 128
)

// A seq is a run of literals and the match behind it. The last seq of a block has no match:
// its len is 0.
type seq struct {
	lits uint32 // number of literals
	len  uint16 // of the match: 3 to 258
	dist uint16 // of the match: 1 to 32768
}

// scratch is the memory that an encoder needs while it works. It is from a pool.
type scratch struct {
	seqs     [maxSeqs]seq
	n        int // number of seqs
	table    [maxTable]uint16
	lit      [numLit]uint32 // the frequencies of the symbols
	dist     [numDist]uint32
	litLens  [numLit]uint8
	distLens [numDist]uint8
	litCode  [288]code
	distCode [32]code
	header   header
	huffman  huffman
}

// kindBits is the size of BFINAL and BTYPE, at the beginning of a block.
const kindBits = 3 // BFINAL and BTYPE

// block appends src, as s.seqs describe it, as the smallest kind of block.
func (w *bitWriter) block(s *scratch, src []byte) {
	if s.symbols(minDynamic) < minDynamic {
		w.small(s, src)
		return
	}
	symbols, fixedBits, extra := s.tally(src)
	best := fixedBits
	if !s.flat(symbols) {
		size := s.dynamic(fixedBits-extra) + extra
		if size < fixedBits && size/8 < uint(len(src))+4 {
			w.add(2<<1, kindBits)
			s.header.append(w)
			w.body(src, s.seqs[:s.n], &s.litCode, &s.distCode, int(size/8)+1)
			return
		}
		best = min(best, size)
	}
	if best > w.storedBits(src) {
		w.stored(src)
		return
	}
	w.fixed(s, src, int(fixedBits/8)+1)
}

// small appends a block of few symbols as a fixed one, and replaces it by a stored one if
// that is smaller. For few symbols that is faster than finding out the size first.
func (w *bitWriter) small(s *scratch, src []byte) {
	before, limit := *w, w.storedBits(src)
	w.fixed(s, src, len(src)*3/2+4)
	if size := uint(len(w.out)-len(before.out))*8 + w.n - before.n; size > limit+kindBits {
		before.out = w.out[:len(before.out)]
		*w = before
		w.stored(src)
	}
}

// fixed appends a block with the fixed codes, of at most size bytes.
func (w *bitWriter) fixed(s *scratch, src []byte, size int) {
	w.add(1<<1, kindBits)
	w.body(src, s.seqs[:s.n], &fixedLit, &fixedDist, size)
}

// symbols returns the number of symbols that s.seqs take, or some number above limit if it
// is more than that.
func (s *scratch) symbols(limit uint) uint {
	symbols := uint(s.n) - 1
	for _, q := range s.seqs[:s.n] {
		if symbols > limit {
			break
		}
		symbols += uint(q.lits)
	}
	return symbols
}

// tally counts the symbols of s.seqs. It returns how many there are, the size in bits of a
// fixed block without its first three, and how many of those are extra bits.
func (s *scratch) tally(src []byte) (symbols, fixedBits, extra uint) {
	literals := uint32(0)
	clear(s.lit[:])
	clear(s.dist[:])
	s.lit[endOfBlock] = 1
	for _, q := range s.seqs[:s.n] {
		lits := int(q.lits)
		literals += q.lits
		for ; lits >= 4; lits -= 4 {
			run := src[:4]
			s.lit[run[0]]++
			s.lit[run[1]]++
			s.lit[run[2]]++
			s.lit[run[3]]++
			src = src[4:]
		}
		if q.len == 0 {
			for _, b := range src[:lits] {
				s.lit[b]++
			}
			break
		}
		run := src[:3] // without branches, as in body
		s.lit[run[0]] += uint32(lits+3) >> 2
		s.lit[run[1]] += uint32(lits) >> 1
		s.lit[run[2]] += uint32(lits+1) >> 2
		src = src[lits+int(q.len):]
		l, d := lenSym[uint8(q.len-minMatch)], symbolOf(uint(q.dist-1))
		s.lit[257+int(l)]++
		s.dist[d]++
		extra += uint(lenExtra[l]) + uint(distExtra[d])
		fixedBits += (uint(l) + 9) >> 5 // symbols from 280 on have 8 bits
	}
	for _, n := range s.lit[144:256] {
		fixedBits += uint(n)
	}
	matches := uint(s.n) - 1
	fixedBits += 7 + 8*uint(literals) + (7+5)*matches + extra
	return uint(literals) + matches, fixedBits, extra
}

// flat reports whether the block is nearly all literals and all bytes are about equally
// frequent, as in encrypted or compressed data. Then no code makes it smaller, and none has
// to be made to find that out.
func (s *scratch) flat(symbols uint) bool {
	if 16*uint(s.n) > symbols {
		return false
	}
	squares := uint64(0)
	for _, n := range s.lit[:256] {
		squares += uint64(n) * uint64(n)
	}
	n := uint64(symbols)
	return squares < (n+n*n/256)*5/4
}

// dynamic makes the codes for a dynamic block and returns its size in bits, without extra
// bits and the first three. It gives up, and returns a size above limit, as soon as it
// knows that the block is not smaller than limit.
func (s *scratch) dynamic(limit uint) uint {
	lits, litBits := s.huffman.lengths(s.lit[:], s.litLens[:], maxBits)
	assign(s.litCode[:], s.litLens[:], s.huffman.syms[:s.huffman.n])
	dists, distBits := s.huffman.lengths(s.dist[:], s.distLens[:], maxBits)
	assign(s.distCode[:], s.distLens[:], s.huffman.syms[:s.huffman.n])
	size := litBits + distBits
	if size+minHeader > limit {
		return limit + 1
	}
	lits = max(lits, endOfBlock+1)
	size += s.header.make(&s.huffman, s.litLens[:lits], s.distLens[:dists])
	return size
}
