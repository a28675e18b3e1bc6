package deflate

import (
	"encoding/binary"
	"math/bits"
)

const (
	maxTable = 1 << 13 // the most entries of an index

	// seekMatch is the shortest match that is looked for. Matches of three bytes save
	// less than the search for them costs.
	seekMatch = 4
)

// tableSize returns the number of entries of the index of n bytes, a power of two.
func tableSize(n int) int {
	n = min(max(n, 1<<8), maxTable)
	return 1 << bits.Len(uint(n-1))
}

// A matcher looks for repetitions in src and in the history before it. The index maps a
// hash of some bytes to the places where they were seen, as numbers of bytes modulo 1<<16.
// An entry is only a hint: the bytes at the place are compared. So an entry may be of any
// age, and nothing has to be done about places that are out of the window by now.
type matcher struct {
	window int      // in bytes
	hist   *history // the bytes before src[0]
	pos    uint16   // the place of src[0]
	table  []uint16
	ways   int  // number of places for each hash
	shift  uint // of a hash, to make an index of the table
	src    []byte
	s      *scratch // where the seqs go
}

func load32(p []byte, i int) uint32 { return binary.LittleEndian.Uint32(p[i:]) }

func load64(p []byte, i int) uint64 { return binary.LittleEndian.Uint64(p[i:]) }

// hash4 and hash5 hash four and five bytes to the highest bits. Five lead to longer and
// fewer matches, which suits the fast level. The better level looks at several places for
// each hash and finds the longest match itself.
func hash4(v uint32) uint32 { return v * 0x9E3779B1 }

func hash5(v uint64) uint64 { return v << 24 * 0x9E3779B97F4A7C15 }

// prefix returns how many bytes a and b have in common at their beginning.
func prefix(a, b []byte) int {
	n := len(b)
	if len(a) < n {
		n = len(a)
	}
	i := 0
	for ; i+8 <= n; i += 8 {
		if x := binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[i:]); x != 0 {
			return i + bits.TrailingZeros64(x)>>3
		}
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}

// past returns the length of the match of src[i:] with the bytes dist before, which begin in
// the history.
func (m *matcher) past(i, dist int) int {
	n := dist - i
	b := m.src[i:min(i+maxMatch, len(m.src))]
	p, q := m.hist.back(n)
	k := prefix(p, b)
	if k == len(p) {
		k += prefix(q, b[k:])
		if k == n { // the match goes on in src
			k += prefix(m.src, b[k:])
		}
	}
	return k
}

// fast makes seqs of src from start on until a block is full, and returns where that ends.
// It takes the first match that the index offers. It looks at two of three places, and at
// ever fewer while it finds nothing; the beginning of a match that it misses by that is
// found by going back.
func (m *matcher) fast(start int) int {
	s, src, table, shift, pos := m.s, m.src, m.table, m.shift+32, uint(m.pos)
	window, before, ring, end := m.window, m.hist.n, m.hist.ring, m.hist.end
	stop := min(len(src), start+maxBlock)
	last, wide := stop-5, len(src)-8
	if wide < 0 {
		last = -1
	}
	lit := start // the first byte that is in no seq
	i := start
	s.n = 0
	for {
		var v uint64
		var dist int
		step := 2
		for ; i <= last; i += step + (i-lit)>>5 {
			step ^= 1 ^ 2
			if i <= wide {
				v = load64(src, i)
			} else {
				v = load64(src, wide) >> (8 * (i - wide) & 63)
			}
			h := hash5(v) >> (shift & 63)
			dist = int((pos + uint(i) - uint(table[h])) & 0xFFFF)
			table[h] = uint16(pos + uint(i))
			if dist <= i {
				if uint(dist-1) < uint(window) && load32(src, i-dist) == uint32(v) {
					break
				}
			} else if dist <= window && dist <= i+before {
				at := (end + i - dist) & (len(ring) - 1)
				if at+4 > len(ring) || dist < i+4 || load32(ring, at) == uint32(v) {
					break
				}
			}
		}
		if i > last {
			break
		}
		var n int
		if dist > i {
			at := (end + i - dist) & (len(ring) - 1)
			h := ring[at:min(at+dist-i, len(ring))]
			if n = prefix(h, src[i:min(i+maxMatch, len(src))]); n == len(h) {
				n = m.past(i, dist) // the match goes on in the rest of the ring or in src
			}
			if n < seekMatch {
				i++
				continue
			}
		} else {
			n = seekMatch + prefix(src[i-dist+seekMatch:], src[i+seekMatch:min(i+maxMatch, len(src))])
			for i > lit && n < maxMatch && i > dist && src[i-1] == src[i-1-dist] {
				i--
				n++
			}
		}
		s.seqs[s.n] = seq{uint32(i - lit), uint16(n), uint16(dist)}
		s.n++
		i += n
		lit = i
		if s.n == maxSeqs-1 {
			stop = lit
			break
		}
		if i <= wide {
			table[hash5(load64(src, i-2))>>(shift&63)] = uint16(pos + uint(i-2))
		}
	}
	stop = max(lit, stop)
	s.seqs[s.n] = seq{lits: uint32(stop - lit)}
	s.n++
	return stop
}

// index enters the history into the index, for the fast level every second place, as
// matches are extended to the front too.
func (m *matcher) index() {
	p, q := m.hist.back(m.hist.n)
	pos := m.pos - uint16(m.hist.n)
	for range 2 {
		if m.ways > 1 {
			for i := 0; i+seekMatch <= len(p); i++ {
				m.enter(load32(p, i), pos+uint16(i))
			}
		} else {
			for i := 0; i+8 <= len(p); i += 2 {
				m.table[hash5(load64(p, i))>>((m.shift+32)&63)] = pos + uint16(i)
			}
		}
		pos += uint16(len(p))
		p = q
	}
}
