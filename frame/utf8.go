package frame

import "unicode/utf8"

// UTF8 checks that a text is UTF-8 (RFC 6455 section 8.1, RFC 3629) while it arrives in
// pieces, which may be cut anywhere, also within a character. It fails at the first
// byte that cannot be part of any valid text. The zero value is at the beginning of a
// text. It is for one goroutine at a time.
type UTF8 struct {
	need   byte // continuation bytes that the unfinished character lacks
	lo, hi byte // the range in which the next of them has to be
}

// Feed takes the next piece of the text and reports whether all of it so far can be
// the beginning of a valid text: the last character may be unfinished. After false, u
// is of no use for this text; use a new UTF8 for another one. Feed keeps nothing of p.
func (u *UTF8) Feed(p []byte) bool {
	for u.need > 0 && len(p) > 0 {
		if !u.next(p[0]) {
			return false
		}
		p = p[1:]
	}
	cut := len(p)
	if cut > 0 && p[cut-1] >= 0x80 { // most texts end in ASCII, which saves the call
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

// validLongMin is the least number of bytes that validLong takes.
const validLongMin = 35

// Done reports whether the text may end here: no character is unfinished.
func (u *UTF8) Done() bool { return u.need == 0 }

// unfinished returns the index of the character that p ends within, or len(p) if it
// ends between characters.
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

// b2i returns 1 for true and 0 for false.
func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// lead begins a character of several bytes with its first one. The range for the second
// byte excludes overlong forms, surrogates and numbers above U+10FFFF (RFC 3629
// section 4).
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

// next takes a continuation byte.
func (u *UTF8) next(b byte) bool {
	if b < u.lo || b > u.hi {
		return false
	}
	u.lo, u.hi = 0x80, 0xBF
	u.need--
	return true
}
