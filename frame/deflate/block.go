package deflate

const (
	maxStored = 1<<16 - 1

	// A block is cut when it has one of these.
	maxBlock = maxStored - maxMatch // bytes of input, or a match more
	maxSeqs  = 1 << 12

	// A dynamic block of fewer symbols hardly ever pays for its header, and to
	// find that out takes longer than all the rest.
	minDynamic = 128
)

// A seq is a run of literals followed by a match. The last of a block has a
// match of length 0.
type seq struct {
	lits uint32
	len  uint16 // 3 to 258
	dist uint16 // 1 to 32768
}

// scratch is the memory that an encoder needs while it encodes.
type scratch struct {
	seqs     [maxSeqs]seq
	n        int // of seqs
	table    [maxTable]uint16
	lit      [numLit]uint32 // frequencies
	dist     [numDist]uint32
	litLens  [numLit]uint8
	distLens [numDist]uint8
	litCode  [288]code
	distCode [32]code
	header   header
	huffman  huffman
}

const kindBits = 3 // BFINAL and BTYPE

// block appends s.seqs, which stand for src, as the cheapest kind of block.
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

// small appends a block of few symbols, which is encoded sooner than its size is
// found out without.
func (w *bitWriter) small(s *scratch, src []byte) {
	before, limit := *w, w.storedBits(src)
	w.fixed(s, src, len(src)*3/2+4)
	if size := uint(len(w.out)-len(before.out))*8 + w.n - before.n; size > limit+kindBits {
		before.out = w.out[:len(before.out)]
		*w = before
		w.stored(src)
	}
}

func (w *bitWriter) fixed(s *scratch, src []byte, size int) {
	w.add(1<<1, kindBits)
	w.body(src, s.seqs[:s.n], &fixedLit, &fixedDist, size)
}

// symbols returns how many symbols s.seqs take, or something above limit.
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

// tally counts the symbols of s.seqs and returns how many there are, the size of
// a fixed block without its first three bits, and how many of it are extra bits.
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
		run := src[:3] // see body
		s.lit[run[0]] += uint32(lits+3) >> 2
		s.lit[run[1]] += uint32(lits) >> 1
		s.lit[run[2]] += uint32(lits+1) >> 2
		src = src[lits+int(q.len):]
		l, d := lenSym[uint8(q.len-minMatch)], symbolOf(uint(q.dist-1))
		s.lit[257+int(l)]++
		s.dist[d]++
		extra += uint(lenExtra[l]) + uint(distExtra[d])
		fixedBits += (uint(l) + 9) >> 5 // from 280 on they have 8 bits
	}
	for _, n := range s.lit[144:256] {
		fixedBits += uint(n)
	}
	matches := uint(s.n) - 1
	fixedBits += 7 + 8*uint(literals) + (7+5)*matches + extra
	return uint(literals) + matches, fixedBits, extra
}

// flat reports whether the block is nearly all literals, of which all bytes are
// about as frequent as others: noise, encrypted or compressed. Then no code is of
// any use, and there's no need to make one to see that.
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

// dynamic makes the codes for a dynamic block and returns its size without
// extra bits and its first three. It gives up, with a size above limit, as soon
// as the block can't be smaller than that.
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
