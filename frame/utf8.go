package frame

import "unicode/utf8"

// UTF8 checks a text that arrives in pieces, which may be cut inside of a
// character (RFC 6455 section 8.1). It fails at the first byte that no valid
// text can have there. The zero value is at the beginning of a text.
type UTF8 struct {
	need   byte // continuation bytes that the character under way lacks
	lo, hi byte // the range of the next of them
}

// Feed reports whether the text is valid up to the end of p, apart from the
// last character, which p may leave unfinished. After false the text is lost;
// begin a new one with a zero UTF8.
func (u *UTF8) Feed(p []byte) bool {
	for u.need > 0 && len(p) > 0 {
		if !u.next(p[0]) {
			return false
		}
		p = p[1:]
	}
	cut := len(p)
	if cut > 0 && p[cut-1] >= 0x80 { // it mostly isn't, and that needs no call
		cut = unfinished(p)
	}
	if cut < validLongMin || !hasAVX2 {
		if !utf8.Valid(p[:cut]) {
			return false
		}
	} else if !validLong(p[:cut]) {
		return false
	}
	if cut == len(p) {
		return true
	}
	if !u.lead(p[cut]) {
		return false
	}
	for _, b := range p[cut+1:] {
		if !u.next(b) {
			return false
		}
	}
	return true
}

// validLongMin is the least that validLong takes.
const validLongMin = 35

// Done reports whether the text may end here.
func (u *UTF8) Done() bool { return u.need == 0 }

// unfinished returns where a character begins that p does not finish, or len(p).
func unfinished(p []byte) int {
	for i := len(p) - 1; i >= 0 && i >= len(p)-3; i-- {
		switch b := p[i]; {
		case b < 0x80:
			return len(p)
		case b >= 0xC0: // a lead byte
			if size := 2 + b2i(b >= 0xE0) + b2i(b >= 0xF0); size > len(p)-i {
				return i
			}
			return len(p)
		}
	}
	return len(p)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// lead begins a character of more than one byte. Overlong forms, surrogates and
// numbers above U+10FFFF already show in the byte that follows (RFC 3629 section 4).
func (u *UTF8) lead(b byte) bool {
	u.lo, u.hi = 0x80, 0xBF
	switch {
	case b < 0xC2 || b > 0xF4:
		return false
	case b < 0xE0:
		u.need = 1
	case b < 0xF0:
		u.need = 2
		if b == 0xE0 {
			u.lo = 0xA0
		} else if b == 0xED {
			u.hi = 0x9F
		}
	default:
		u.need = 3
		if b == 0xF0 {
			u.lo = 0x90
		} else if b == 0xF4 {
			u.hi = 0x8F
		}
	}
	return true
}

func (u *UTF8) next(b byte) bool {
	if b < u.lo || b > u.hi {
		return false
	}
	u.lo, u.hi = 0x80, 0xBF
	u.need--
	return true
}
