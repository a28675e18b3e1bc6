package deflate

import "math/bits"

// A huffman makes Huffman codes from frequencies. It is memory for one code after another.
type huffman struct {
	leaf   [numLit + 1]uint32 // frequency<<9 | symbol, ascending
	spare  [numLit]uint32
	inner  [numLit]uint32 // the frequencies of inner nodes, later their depths
	parent [numLit]uint16 // of inner nodes
	count  [256]uint16
	syms   [numLit]uint16 // the symbols that have a code, in order
	n      int            // number of syms
}

// lengths sets lens to the lengths of a prefix code of at most limit bits for the given
// frequencies, optimal unless the limit shortens it. It returns the number of symbols up to
// the last one that is used, and the size in bits of all of them. The code is always
// complete: with fewer than two symbols others are added, as some decoders want. The
// frequencies sum up to less than 1<<23.
func (h *huffman) lengths(freq []uint32, lens []uint8, limit int) (used int, size uint) {
	n := 0
	for s, f := range freq { // without a branch, as the processor could not predict it
		h.leaf[n] = f<<9 | uint32(s)
		n += int((f | -f) >> 31)
	}
	if n < 2 { // make it two, one of which may be there already
		a, b := uint32(0), max(h.leaf[0]&(1<<9-1), 1)
		if n == 0 {
			b = 1
		}
		h.leaf[0], h.leaf[1], n = freq[a]<<9|a, freq[b]<<9|b, 2
	}
	h.n = n
	for i, v := range h.leaf[:n] {
		h.syms[i] = uint16(v & (1<<9 - 1))
	}
	used = 1 + int(max(h.syms[n-1], h.syms[n-2]))
	clear(lens)
	leaf := h.sort(n)
	depths, deepest := h.depths(leaf)
	if deepest > limit {
		shorten(&depths, limit)
	}
	i := 0
	for l := limit; l > 0; l-- {
		for range depths[l] {
			s := leaf[i] & (1<<9 - 1)
			lens[s] = uint8(l)
			size += uint(leaf[i]>>9) * uint(l)
			i++
		}
	}
	return used, size
}

// sort returns the first n leaves in ascending order: by insertion if they are few, which
// keeps small dynamic blocks cheap, otherwise by a radix sort of the frequencies' bytes.
func (h *huffman) sort(n int) []uint32 {
	from, to := h.leaf[:n], h.spare[:n]
	all := uint32(0)
	for _, v := range from {
		all |= v >> 9
	}
	if n <= 20 {
		for i := 1; i < n; i++ {
			v := from[i]
			j := i
			for ; j > 0 && from[j-1] > v; j-- {
				from[j] = from[j-1]
			}
			from[j] = v
		}
		return from
	}
	for shift := 9; all != 0; shift, all = shift+8, all>>8 {
		h.count = [256]uint16{}
		for _, v := range from {
			h.count[v>>shift&255]++
		}
		sum := uint16(0)
		for i, c := range h.count[:min(256, 1<<bits.Len32(all))] {
			h.count[i] = sum
			sum += c
		}
		for _, v := range from {
			c := &h.count[v>>shift&255]
			to[*c] = v
			*c++
		}
		from, to = to, from
	}
	return from
}

// depths returns how many leaves there are at each depth of the Huffman tree, and the
// largest depth. Inner nodes are made in ascending order, so that two queues do the work of
// a heap.
func (h *huffman) depths(leaf []uint32) (depths [64]uint16, deepest int) {
	n := len(leaf)
	l, k := 0, 0
	for i := range n - 1 {
		sum := uint32(0)
		for range 2 {
			if k == i || l < n && leaf[l]>>9 <= h.inner[k] {
				sum += leaf[l] >> 9
				l++
			} else {
				sum += h.inner[k]
				h.parent[k] = uint16(i)
				k++
			}
		}
		h.inner[i] = sum
	}
	// From the root down: of the two children of each inner node, those that are no inner
	// nodes are leaves.
	level, nodes := n-2, 1 // the next inner node, and the number of nodes of this depth
	depth := 0
	h.inner[n-2] = 0 // from here on inner has depths
	for i := n - 3; i >= 0; i-- {
		h.inner[i] = h.inner[h.parent[i]] + 1
	}
	for ; nodes > 0; depth++ {
		inner := 0
		for level >= 0 && h.inner[level] == uint32(depth) {
			inner++
			level--
		}
		depths[depth] = uint16(nodes - inner)
		nodes = 2 * inner
	}
	return depths, depth - 1
}

// shorten moves leaves up so that none is deeper than limit.
func shorten(depths *[64]uint16, limit int) {
	over := 0 // the code space that is used too much, in units of the longest code
	for d := limit + 1; d < len(depths); d++ {
		depths[limit] += depths[d]
		depths[d] = 0
	}
	for d := 1; d <= limit; d++ {
		over += int(depths[d]) << (limit - d)
	}
	// A leaf above the limit becomes an inner node: its children are the leaf itself and
	// one of the deepest leaves.
	for over -= 1 << limit; over > 0; over-- {
		d := limit - 1
		for depths[d] == 0 {
			d--
		}
		depths[d]--
		depths[d+1] += 2
		depths[limit]--
	}
}

// assign makes the canonical code with the lengths lens (RFC 1951 section 3.2.2). syms are
// the symbols that have a code, in order.
func assign(codes []code, lens []uint8, syms []uint16) {
	var count, next [maxBits + 2]uint16
	for _, s := range syms {
		count[lens[s]&15]++
	}
	for l := 1; l <= maxBits; l++ {
		next[l+1] = (next[l] + count[l]) << 1
	}
	for _, s := range syms {
		l := lens[s] & 15
		codes[s] = code(bits.Reverse16(next[l])>>(16-l))<<5 | code(l)
		next[l]++
	}
}
