package deflate

// header reads the next part of the header of a dynamic block (RFC 1951 section 3.2.7). It
// returns true if it needs more input.
func (d *Decoder) header(src []byte) ([]byte, bool) {
	c := d.c
	switch d.state {
	case atDynamic:
		if d.n < 14 {
			return src, true
		}
		c.lits, c.dists, c.sent = d.take(5)+257, d.take(5)+1, d.take(4)+4
		if c.lits > numLit || c.dists > numDist {
			d.corrupt(src, "3.2.7", "dynamic block with too many length or distance codes")
			return src, false
		}
		clear(c.lens[:numCode])
		c.read = 0
		d.state = atCodes
	case atCodes:
		for ; c.read < c.sent; c.read++ {
			if d.n < 3 {
				if src = d.fill(src); d.n < 3 {
					return src, true
				}
			}
			c.lens[codeOrder[c.read]] = uint8(d.take(3))
		}
		var ok bool
		if c.codeBits, ok = makeTable(c.codeTable[:], c.lens[:numCode], codeEntries[:], maxCodeBits); !ok {
			d.corrupt(src, "3.2.7", "dynamic block with an over-subscribed or incomplete code of code lengths")
			return src, false
		}
		c.read = 0
		d.state = atLens
	case atLens:
		return d.lengths(src)
	}
	return src, false
}

// lengths reads the code lengths, which are in a Huffman code themselves, and makes the
// tables of the block. It returns true if it needs more input.
func (d *Decoder) lengths(src []byte) ([]byte, bool) {
	c := d.c
	lens := c.lens[:c.lits+c.dists]
	for c.read < uint(len(lens)) {
		if d.n < 14 {
			src = d.fill(src)
		}
		e := c.codeTable[d.acc&(1<<c.codeBits-1)]
		sym := e.value()
		extra := uint(0)
		if sym >= 16 {
			extra = uint(codeExtra[sym])
		}
		if e.len()+extra > d.n {
			return src, true
		}
		if e&kindBad != 0 {
			d.corrupt(src, "3.2.7", "invalid code of a code length")
			return src, false
		}
		d.take(e.len())
		v, n := uint8(sym), uint(1)
		switch sym {
		case 16:
			if c.read == 0 {
				d.corrupt(src, "3.2.7", "repetition of a code length with none before it")
				return src, false
			}
			v, n = lens[c.read-1], 3+d.take(2)
		case 17:
			v, n = 0, 3+d.take(3)
		case 18:
			v, n = 0, 11+d.take(7)
		}
		if c.read+n > uint(len(lens)) {
			d.corrupt(src, "3.2.7", "more code lengths than the dynamic block announced")
			return src, false
		}
		for range n {
			lens[c.read] = v
			c.read++
		}
	}
	var ok, ok2 bool
	c.litBits, ok = makeTable(c.litTable[:], lens[:c.lits], litEntries[:], litIndex)
	c.distBits, ok2 = makeTable(c.distTable[:], lens[c.lits:], distEntries[:], distIndex)
	if !ok || !ok2 {
		d.corrupt(src, "3.2.7", "dynamic block with an over-subscribed or incomplete code")
		return src, false
	}
	c.lit, c.dist, d.state = c.litTable[:], c.distTable[:], inBlock
	return src, false
}
