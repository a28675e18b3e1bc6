package deflate

import "math/bits"

// An entry of a decoding table says what a code stands for.
//
//	bits 0-4    the code's length, or how many bits lead to a sub-table
//	bits 5-8    extra bits that follow; of a sub-table, the bits of its index
//	bits 9-12   one of the kinds below; none for a length or distance
//	bits 16-31  literal, base of the length or distance, start of the sub-table
//
// No code at all is 0.
type entry uint32

const (
	kindLiteral entry = 1 << (9 + iota)
	kindEnd           // of the block
	kindBad           // a symbol or code that stands for nothing
	kindSub           // longer codes: see the sub-table

	noCode = kindBad | 1
)

func (e entry) len() uint   { return uint(e & 31) }
func (e entry) extra() uint { return uint(e >> 5 & 15) }
func (e entry) value() uint { return uint(e >> 16) }

// Index bits of the tables, and how many entries are enough. A sub-table of
// 1<<w entries has at least w+1 symbols, since it's as narrow as the longest of
// its codes allows. So no more than 47 of 32 entries and one of 8 come out of
// 286 symbols, and three of 128 and one of 32 out of 30.
const (
	litIndex  = 10
	distIndex = 8
	litRoom   = 1<<litIndex + 47*32 + 8
	distRoom  = 1<<distIndex + 3*128 + 32
)

// What the symbols stand for, without the length of the code.
var (
	litEntries  [288]entry
	distEntries [32]entry
	codeEntries [numCode]entry
)

// The tables of fixed blocks.
var (
	fixedLitTable  [1 << 9]entry
	fixedDistTable [1 << 5]entry
)

// makeEntries needs the bases of the alphabets.
func makeEntries() {
	for s := range litEntries {
		switch {
		case s < endOfBlock:
			litEntries[s] = kindLiteral | entry(s)<<16
		case s == endOfBlock:
			litEntries[s] = kindEnd
		case s < numLit:
			litEntries[s] = entry(lenBase[s-257])<<16 | entry(lenExtra[s-257])<<5
		default:
			litEntries[s] = kindBad
		}
	}
	for s := range distEntries {
		if s < numDist {
			distEntries[s] = entry(distBase[s])<<16 | entry(distExtra[s])<<5
		} else {
			distEntries[s] = kindBad
		}
	}
	for s := range codeEntries {
		codeEntries[s] = entry(s) << 16
	}
	makeTable(fixedLitTable[:], fixedLens[:], litEntries[:], 9)
	fives := [32]uint8{}
	for i := range fives {
		fives[i] = 5
	}
	makeTable(fixedDistTable[:], fives[:], distEntries[:], 5)
}

// makeTable fills table for the code that lens describes, and returns the index
// bits it has, at most index. It's false for a code that has too many or too few
// bit patterns; just one code of one bit, or none at all, is fine.
func makeTable(table []entry, lens []uint8, symbols []entry, index uint) (uint, bool) {
	var count, next [maxBits + 2]uint16
	var counts [4][maxBits + 1]uint16 // so that equal ones don't wait for each other
	for s, l := range lens {
		counts[s&3][l&15]++
	}
	for l := range counts[0] {
		count[l] = counts[0][l] + counts[1][l] + counts[2][l] + counts[3][l]
	}
	longest := uint(maxBits)
	for longest > 0 && count[longest] == 0 {
		longest--
	}
	if longest == 0 {
		table[0], table[1] = noCode, noCode
		return 1, true
	}
	used := uint(len(lens)) - uint(count[0])
	count[0] = 0
	space := uint(0) // taken, in units of the longest code
	for l := uint(1); l <= longest; l++ {
		next[l+1] = next[l] + count[l]
		space += uint(count[l]) << (longest - l)
	}
	if space != 1<<longest {
		if space > 1<<longest || longest != 1 {
			return 0, false
		}
		for s, l := range lens {
			if l != 0 {
				table[0], table[1] = symbols[s]|1, noCode
			}
		}
		return 1, true
	}
	var sorted [288]uint16
	for s, l := range lens {
		if l &= 15; l != 0 {
			sorted[next[l]] = uint16(s)
			next[l]++
		}
	}
	index = min(index, longest)
	syms := sorted[:used]
	// Codes in order, as they are read: the first bit is the lowest. The table
	// is made for ever longer codes, doubling it by a copy.
	c := uint(0)
	size := 1
	for l := uint(1); l <= index; l++ {
		copy(table[size:], table[:size]) // what is still free gets overwritten
		size *= 2
		for _, s := range syms[:count[l]] {
			table[c] = symbols[s] | entry(l)
			c = increment(c, l)
		}
		syms = syms[count[l]:]
	}
	if len(syms) == 0 {
		return index, true
	}
	// Longer codes: a sub-table for each value of their first bits.
	free := uint(1) << index
	prefix, start, width := ^uint(0), uint(0), uint(0)
	for l := index + 1; l <= longest; l++ {
		for n := count[l]; n > 0; n-- {
			if low := c & (1<<index - 1); low != prefix {
				prefix, start = low, free
				// As wide as to hold all the codes that begin with it.
				width = l - index
				room := 1<<width - int(n)
				for m := l + 1; room > 0; m++ {
					room = room<<1 - int(count[m])
					width++
				}
				free += 1 << width
				table[prefix] = kindSub | entry(index) | entry(width)<<5 | entry(start)<<16
			}
			e := symbols[syms[0]] | entry(l-index)
			syms = syms[1:]
			for i := c >> index; i < 1<<width; i += 1 << (l - index) {
				table[start+i] = e
			}
			c = increment(c, l)
		}
	}
	return index, true
}

// increment returns the code of l bits after c, whose first bit is the lowest.
func increment(c, l uint) uint {
	free := ^c & (1<<l - 1)
	if free == 0 {
		return c // there is none
	}
	bit := uint(1) << (bits.Len(free) - 1)
	return c&(bit-1) | bit
}
