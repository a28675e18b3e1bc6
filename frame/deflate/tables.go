package deflate

import "math/bits"

// The sizes of the alphabets of RFC 1951 sections 3.2.5 and 3.2.7.
const (
	endOfBlock = 256
	numLit     = 286 // literals, end of block and lengths
	numDist    = 30
	numCode    = 19 // code lengths

	minMatch = 3
	maxMatch = 258

	maxBits     = 15 // the longest literal, length or distance code
	maxCodeBits = 7  // the longest code of a code length
)

// codeOrder is the order in which the lengths of the codes of code lengths are sent.
var codeOrder = [numCode]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// The bases and extra bits of the length symbols from 257 on, and of the distance symbols.
var (
	lenBase   [numLit - 257]uint16
	lenExtra  [numLit - 257]uint8
	distBase  [numDist]uint16
	distExtra [numDist]uint8

	lenSym  [maxMatch - minMatch + 1]uint8 // the symbol, less 257, of each length, less 3
	distSym [512]uint8                     // see symbolOf
)

func init() {
	base := minMatch
	for s := range lenBase {
		if s >= 8 {
			lenExtra[s] = uint8(s/4 - 1)
		}
		if s == len(lenBase)-1 { // 258 has a symbol of its own
			base, lenExtra[s] = maxMatch, 0
		}
		lenBase[s] = uint16(base)
		for k := range 1 << lenExtra[s] {
			lenSym[base-minMatch+k] = uint8(s)
		}
		base += 1 << lenExtra[s]
	}
	base = 1
	for s := range distBase {
		if s >= 4 {
			distExtra[s] = uint8(s/2 - 1)
		}
		distBase[s] = uint16(base)
		for d := base - 1; d < base-1+1<<distExtra[s]; d++ {
			if d < 256 {
				distSym[d] = uint8(s)
			} else {
				distSym[256+d>>7] = uint8(s)
			}
		}
		base += 1 << distExtra[s]
	}
	makeEntries()
}

// symbolOf returns the symbol of the distance d+1.
func symbolOf(d uint) uint8 {
	if d < 256 {
		return distSym[d]
	}
	return distSym[256+d>>7&255]
}

// A code is a Huffman code: its length in the lowest 5 bits, and above them its bits, the
// first one lowest.
type code uint32

func (c code) len() uint    { return uint(c & 31) }
func (c code) bits() uint64 { return uint64(c >> 5) }

// The fixed codes of RFC 1951 section 3.2.6.
var (
	fixedLens = func() (l [288]uint8) {
		for s := range l {
			switch {
			case s < 144:
				l[s] = 8
			case s < 256:
				l[s] = 9
			case s < 280:
				l[s] = 7
			default:
				l[s] = 8
			}
		}
		return
	}()
	fixedLit = func() (c [288]code) {
		var all [288]uint16
		for s := range all {
			all[s] = uint16(s)
		}
		assign(c[:], fixedLens[:], all[:])
		return
	}()
	fixedDist = func() (c [32]code) {
		for s := range c {
			c[s] = code(bits.Reverse8(uint8(s))>>3)<<5 | 5
		}
		return
	}()
)
