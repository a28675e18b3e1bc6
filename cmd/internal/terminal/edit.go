package terminal

import "unicode"

// A buffer is the line being typed.
type buffer struct {
	text   []rune
	pos    int    // of the cursor
	killed []rune // what Ctrl-Y brings back
	chain  bool   // the last key killed too, so the next kill adds to it
}

func (b *buffer) set(s string) {
	b.text = []rune(s)
	b.pos = len(b.text)
}

func (b *buffer) insert(rs ...rune) {
	if b.pos == len(b.text) { // a long paste
		b.text = append(b.text, rs...)
	} else {
		b.text = append(b.text[:b.pos:b.pos], append(rs[:len(rs):len(rs)], b.text[b.pos:]...)...)
	}
	b.pos += len(rs)
}

// remove takes the text between the cursor and to out.
func (b *buffer) remove(to int) (removed []rune) {
	from := min(b.pos, to)
	to = max(b.pos, to)
	removed = append(removed, b.text[from:to]...)
	b.text = append(b.text[:from], b.text[to:]...)
	b.pos = from
	return removed
}

// kill is remove of what Ctrl-Y is to bring back.
func (b *buffer) kill(to int, chained bool) {
	forward := to > b.pos
	removed := b.remove(to)
	switch {
	case !chained:
		b.killed = removed
	case forward:
		b.killed = append(b.killed, removed...)
	default:
		b.killed = append(removed, b.killed...)
	}
	b.chain = true
}

func inWord(r rune) bool { return unicode.In(r, unicode.L, unicode.N, unicode.M) || r == '_' }

func (b *buffer) wordRight() int {
	i := b.pos
	for i < len(b.text) && !inWord(b.text[i]) {
		i++
	}
	for i < len(b.text) && inWord(b.text[i]) {
		i++
	}
	return i
}

func (b *buffer) wordLeft() int {
	i := b.pos
	for i > 0 && !inWord(b.text[i-1]) {
		i--
	}
	for i > 0 && inWord(b.text[i-1]) {
		i--
	}
	return i
}

// spaceLeft is the beginning of what Ctrl-W takes, which only spaces delimit.
func (b *buffer) spaceLeft() int {
	i := b.pos
	for i > 0 && unicode.IsSpace(b.text[i-1]) {
		i--
	}
	for i > 0 && !unicode.IsSpace(b.text[i-1]) {
		i--
	}
	return i
}

// transpose exchanges the characters before and behind the cursor, or the last
// two at the end of the line.
func (b *buffer) transpose() {
	if b.pos == len(b.text) {
		b.pos = previous(b.text, b.pos)
	}
	if b.pos == 0 {
		return
	}
	end := next(b.text, b.pos)
	first := b.remove(previous(b.text, b.pos))
	b.pos = end - len(first)
	b.insert(first...)
}

// edit applies a key that changes the line or moves the cursor, and reports
// whether k is such a key.
func (b *buffer) edit(k key) bool {
	chained := b.chain
	b.chain = false
	switch {
	case k.alt:
		switch unicode.ToLower(k.r) {
		case 'b':
			b.pos = b.wordLeft()
		case 'f':
			b.pos = b.wordRight()
		case 'd':
			b.kill(b.wordRight(), chained)
		case 0x7F, ctrl('H'):
			b.kill(b.wordLeft(), chained)
		case '\r', '\n':
			b.insert('\n') // another line of the same message
		default:
			return false
		}
		return true
	case k.r >= 0x20 && k.r != 0x7F:
		b.insert(k.r)
		return true
	}
	switch k.r {
	case ctrl('A'), keyHome:
		b.pos = 0
	case ctrl('E'), keyEnd:
		b.pos = len(b.text)
	case ctrl('B'), keyLeft:
		b.pos = previous(b.text, b.pos)
	case ctrl('F'), keyRight:
		b.pos = next(b.text, b.pos)
	case keyWordLeft:
		b.pos = b.wordLeft()
	case keyWordRight:
		b.pos = b.wordRight()
	case ctrl('D'), keyDelete:
		b.remove(next(b.text, b.pos))
	case ctrl('H'), 0x7F:
		b.remove(previous(b.text, b.pos))
	case ctrl('K'):
		b.kill(len(b.text), chained)
	case ctrl('U'):
		b.kill(0, chained)
	case ctrl('W'):
		b.kill(b.spaceLeft(), chained)
	case ctrl('Y'):
		b.insert(b.killed...)
	case ctrl('T'):
		b.transpose()
	case '\t':
		b.insert('\t')
	default:
		return false
	}
	return true
}
