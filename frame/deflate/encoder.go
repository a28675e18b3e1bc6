package deflate

import "math/bits"

// An Encoder compresses the messages of one direction of one connection. It is for one
// goroutine at a time.
//
// Between messages it holds no memory without context takeover; with it, it holds what the
// package's documentation says. The rest comes from a pool while it works.
type Encoder struct {
	size  int  // of the window in bytes
	keep  bool // context takeover: the history outlives the message
	index bool // the index is held between messages too
	level Level

	hist  history  // what a message can refer to
	pos   uint16   // the number of bytes before the next one, modulo 1<<16
	table []uint16 // the index, if it is held between messages
	s     *scratch // from the pool, held between the parts of a message
	acc   uint64   // the last bits of the message, which do not fill a byte yet
	n     uint     // number of bits in acc
}

// NewEncoder returns an encoder of messages for a decoder with the same WindowBits and
// Takeover. It panics if c.WindowBits is not 0 or 8 to 15.
func NewEncoder(c Config) *Encoder {
	return &Encoder{size: c.size(), keep: c.Takeover, index: c.Takeover && !c.Compact, level: c.Level}
}

// Append compresses the message src, appends the payload to send to dst and returns the
// extended slice. The payload is never empty, and at most six bytes longer than src for
// each 65,000 bytes that were begun.
func (e *Encoder) Append(dst, src []byte) []byte {
	return e.AppendPart(dst, src, true)
}

// AppendPart compresses a part of a message, appends what it can to dst and returns the
// extended slice: the next piece of the message's payload, which may be empty. The last
// part, which may be empty too, is passed with final set. Each part is a block of its own,
// so small parts compress badly; a [Writer] gathers them.
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

// Skip takes note of a message that is sent between those of e and that another encoder
// compressed, without takeover and with a window no larger than e's. With context takeover
// it becomes a part of the history on both sides, and later messages may refer to it.
func (e *Encoder) Skip(message []byte) {
	if e.keep {
		e.pos += uint16(len(message))
		e.hist.add(message, e.size)
	}
}

// compress appends src to w in as many blocks as it takes. final says that no other part of
// the message follows, which saves memory if it is the first one too.
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

// match fills m.s.seqs with src from start on, up to the end of a block.
func (e *Encoder) match(m *matcher, start int) (end int) {
	if e.level == Fast {
		return m.fast(start)
	}
	return m.better(start)
}

// open gives m an index of the history: the one that is held, or a new one in scratch.
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

// use makes table the index of m.
func (m *matcher) use(table []uint16) {
	m.table = table
	m.shift = uint(32 - bits.Len(uint(len(table)/m.ways-1)))
}

// finish gives back the memory that is for one message only.
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

// Reset drops the message that is in parts, if there is one, and all of the history, so
// that the next message refers to nothing before it. It is needed if a payload that e made
// is not sent. The peer need not be told.
func (e *Encoder) Reset() {
	e.finish()
	e.hist.clear()
	e.table = nil
	e.pos, e.acc, e.n = 0, 0, 0
}
