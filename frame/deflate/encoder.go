package deflate

import "math/bits"

// An Encoder compresses the messages of one direction of one connection. It
// isn't safe for concurrent use.
//
// Without context takeover it holds no memory between messages; with it, what
// the package's overview tells. All else comes from a pool while it's needed.
type Encoder struct {
	size  int // of the window
	keep  bool
	index bool // the table is kept
	level Level

	hist  history
	pos   uint16
	table []uint16 // kept between messages
	s     *scratch // held between the parts of a message
	acc   uint64   // bits of the message that didn't make a byte yet
	n     uint
}

// NewEncoder returns an encoder for what was agreed on. It panics if the window
// isn't one that RFC 7692 knows.
func NewEncoder(c Config) *Encoder {
	return &Encoder{size: c.size(), keep: c.Takeover, index: c.Takeover && !c.Compact, level: c.Level}
}

// Append compresses the message src, appends the payload to send to dst and
// returns the extended slice. It doesn't keep src, nor change it. The payload is
// never empty, and longer than src by at most six bytes for each 65,000 that
// were begun.
func (e *Encoder) Append(dst, src []byte) []byte {
	return e.AppendPart(dst, src, true)
}

// AppendPart compresses a part of a message, appends what it can to dst and
// returns the extended slice, which is that much of the message's payload. The
// last part is to be marked as final; it may be empty. A part that isn't may
// give nothing. Small parts compress badly, each being a block of its own: see
// [Writer].
func (e *Encoder) AppendPart(dst, src []byte, final bool) []byte {
	w := bitWriter{out: dst, acc: e.acc, n: e.n}
	if len(src) > 0 {
		e.compress(&w, src, final)
	}
	if final {
		// An empty stored block, without its length (RFC 7692 section 7.2.1).
		w.add(0, 3)
		w.align()
		e.finish()
	}
	e.acc, e.n = w.acc, w.n
	return w.out
}

// Skip takes note of a message that is sent between those of e and was compressed
// by another encoder, which had no context and no larger window. With context
// takeover, later messages may refer to it.
func (e *Encoder) Skip(message []byte) {
	if e.keep {
		e.pos += uint16(len(message))
		e.hist.add(message, e.size)
	}
}

func (e *Encoder) compress(w *bitWriter, src []byte, final bool) {
	s := e.s
	if s == nil {
		s = scratches.Get().(*scratch)
	}
	m := matcher{window: e.size, hist: &e.hist, pos: e.pos, src: src, s: s, ways: 1}
	if e.level != Fast {
		m.ways = ways
	}
	e.open(&m, final)
	for i := 0; i < len(src); {
		end := e.match(&m, i)
		w.block(s, src[i:end])
		i = end
	}
	if e.keep || !final {
		e.pos += uint16(len(src))
		e.hist.add(src, e.size)
	}
	if !e.index {
		e.s = s
	} else {
		s.put()
	}
}

func (e *Encoder) match(m *matcher, start int) (end int) {
	if e.level == Fast {
		return m.fast(start)
	}
	return m.better(start)
}

// open gives m an index of the history.
func (e *Encoder) open(m *matcher, final bool) {
	if e.index {
		m.table = e.table
		if n := tableSize(min(e.size, e.hist.n+len(m.src))); n > len(e.table) {
			e.table = make([]uint16, n)
			m.use(e.table)
			m.index()
		}
		m.use(e.table)
		return
	}
	if e.s != nil { // in the middle of a message
		m.use(e.s.table[:])
		return
	}
	n := maxTable
	if final {
		n = tableSize(min(e.size, e.hist.n+len(m.src)))
	} else if !e.keep {
		e.hist.borrow(e.size)
	}
	table := m.s.table[:n]
	clear(table)
	m.use(table)
	m.index()
}

func (m *matcher) use(table []uint16) {
	m.table = table
	m.shift = uint(32 - bits.Len(uint(len(table)/m.ways-1)))
}

// finish ends a message.
func (e *Encoder) finish() {
	if e.s != nil {
		e.s.put()
		e.s = nil
	}
	if !e.keep {
		e.hist.clear()
		e.pos = 0
	}
}

// Reset gives up the message that is in parts, if any, and all of the history,
// for a stream that begins anew.
func (e *Encoder) Reset() {
	e.finish()
	e.hist.clear()
	e.table = nil
	e.pos, e.acc, e.n = 0, 0, 0
}
