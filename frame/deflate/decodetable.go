package deflate

import "math/bits"

// An entry of a decoding table says what a Huffman code means.
//
//	bits 0-4    the length of the code in bits, or of the part that leads to a sub-table
//	bits 5-8    the number of extra bits behind it, or of index bits of the sub-table
//	bits 9-12   one of the kinds below, none of them for a length or a distance
//	bits 16-31  the literal, the base of the length or distance, or where the sub-table begins
//
// A table slot that no code leads to is noCode.
type entry uint32

const (
	kindLiteral entry = 1 << (9 + iota)
	kindEnd           // the end of the block
	kindBad           // a symbol or a code that has no meaning
	kindSub           // the beginning of longer codes, which are in the sub-table

	noCode = kindBad | 1
)

func (e entry) len() uint   { return uint(e & 31) }
func (e entry) extra() uint { return uint(e >> 5 & 15) }
func (e entry) value() uint { return uint(e >> 16) }

// The index bits of the tables, and the number of entries that is enough for them. A
// sub-table of 1<<w entries has at least w+1 symbols, as it is no wider than the longest
// of its codes needs. So 286 symbols make at most 47 sub-tables of 32 entries and one of
// 8, and 30 symbols at most three of 128 and one of 32.
const (
	litIndex  = 10
	distIndex = 8
	litRoom   = 1<<litIndex + 47*32 + 8
	distRoom  = 1<<distIndex + 3*128 + 32
)

// The entries of all symbols, without the length of the code.
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

// makeEntries fills the tables above. It needs the tables of tables.go.
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

// makeTable fills table for the code with the lengths lens, one for each of symbols, and
// returns the number of its index bits, which is at most index. It returns false if the
// code is over-subscribed or incomplete, unless it is a single code of one bit, or none.
func makeTable(table []entry, lens []uint8, symbols []entry, index uint) (uint, bool) {
	var count, next [maxBits + 2]uint16
	var counts [4][maxBits + 1]uint16 // four, so that equal lengths in a row don't wait for each other
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
	space := uint(0) // the code space that is used, in units of the longest code
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
	// The codes are filled in by length, with the first bit lowest, as they are read. For
	// each length the table is doubled by a copy of what it has.
	c := uint(0)
	size := 1
	for l := uint(1); l <= index; l++ {
		copy(table[size:], table[:size]) // the slots that are still free are overwritten below
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
				// Make it as wide as the codes with this beginning need.
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

// increment returns the code of l bits that follows c, both with the first bit lowest.
func increment(c, l uint) uint {
	free := ^c & (1<<l - 1)
	if free == 0 {
		return c // c is the last one
	}
	bit := uint(1) << (bits.Len(free) - 1)
	return c&(bit-1) | bit
}
