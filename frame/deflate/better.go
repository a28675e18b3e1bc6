package deflate

const (
	// ways is the number of places that the index of the better level has for a hash, the
	// newest first.
	ways = 4

	// longMatch is the length of a match from which on it is taken without looking for
	// a longer one at the next byte.
	longMatch = 48
)

// better does what fast does, with more work: it compares with all places that the index
// has, takes the longest match, and puts out a literal instead if a longer match begins at
// the next byte.
func (m *matcher) better(start int) (end int) {
	s, src := m.s, m.src
	stop := min(len(src), start+maxBlock)
	last := stop - seekMatch
	lit := start // the first byte that is in no seq
	s.n = 0
	for i := start; i <= last && s.n < maxSeqs-1; {
		n, dist := m.longest(i, seekMatch-1)
		if n == 0 {
			i += 1 + (i-lit)>>8
			continue
		}
		from := i // the last place that is in the index
		for n < longMatch && i < last {
			n2, dist2 := m.longest(i+1, n)
			from = i + 1
			if n2 == 0 {
				break
			}
			i, n, dist = i+1, n2, dist2
		}
		for i > lit && n < maxMatch && i > dist && src[i-1] == src[i-1-dist] {
			i--
			n++
		}
		s.seqs[s.n] = seq{uint32(i - lit), uint16(n), uint16(dist)}
		s.n++
		i += n
		lit = i
		for from++; from < i && from+seekMatch <= len(src); from++ {
			m.enter(load32(src, from), m.pos+uint16(from))
		}
	}
	end = max(lit, stop)
	if s.n == maxSeqs-1 {
		end = lit
	}
	s.seqs[s.n] = seq{lits: uint32(end - lit)}
	s.n++
	return end
}

// longest returns the length and the distance of the longest match at src[i] if it is longer
// than n, and 0 otherwise. It enters the place into the index.
func (m *matcher) longest(i, n int) (int, int) {
	v := load32(m.src, i)
	b := m.enter(v, m.pos+uint16(i))
	at := m.pos + uint16(i)
	found := 0
	rest := m.src[i:min(i+maxMatch, len(m.src))]
	for _, p := range b {
		dist := int(at - p)
		if dist == 0 || dist > m.window {
			continue
		}
		k := 0
		if dist <= i {
			from := m.src[i-dist:]
			if n >= len(rest) {
				break
			}
			if from[n] != rest[n] || load32(from, 0) != v {
				continue
			}
			k = seekMatch + prefix(from[seekMatch:], rest[seekMatch:])
		} else if dist <= i+m.hist.n {
			k = m.past(i, dist)
		}
		if k > n && (k > seekMatch || dist <= 1<<13) {
			n, found = k, dist
		}
	}
	if found == 0 {
		n = 0
	}
	return n, found
}

// enter puts pos before the other places for v, and returns those that were there.
func (m *matcher) enter(v uint32, pos uint16) [ways]uint16 {
	b := (*[ways]uint16)(m.table[hash4(v)>>(m.shift&31)*ways:])
	old := *b
	b[3], b[2], b[1], b[0] = old[2], old[1], old[0], pos
	return old
}
