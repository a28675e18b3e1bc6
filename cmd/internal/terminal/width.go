package terminal

import (
	"slices"
	"unicode"
)

// Width returns the number of columns that r takes on a terminal: 2 for what
// Unicode (Standard Annex 11) calls wide, 0 for what joins the character before.
func Width(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case r >= 0x1160 && r <= 0x11FF, r == '\u200B', unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	}
	_, wide := slices.BinarySearchFunc(wideRanges[:], r, func(w [2]rune, r rune) int {
		switch {
		case w[1] < r:
			return -1
		case w[0] > r:
			return 1
		}
		return 0
	})
	if wide {
		return 2
	}
	return 1
}

// The cursor stands before a whole character as a reader sees it, which may be
// several code points: marks, joined emoji, flags.

// next returns the end of the character of text that begins at i.
func next(text []rune, i int) int {
	if i >= len(text) {
		return len(text)
	}
	flag := isFlag(text[i])
	for i++; i < len(text); i++ {
		switch r := text[i]; {
		case flag && isFlag(r):
			flag = false
		case text[i-1] == joiner || extends(r):
		default:
			return i
		}
	}
	return i
}

// previous returns the beginning of the character of text that ends at i.
func previous(text []rune, i int) int {
	// Whether two letters of flags belong together depends on all before them.
	start := max(0, i-1)
	for start > 0 && (extends(text[start]) || isFlag(text[start]) || text[start-1] == joiner) {
		start--
	}
	for {
		n := next(text, start)
		if n >= i {
			return start
		}
		start = n
	}
}

const joiner = '\u200D'

func extends(r rune) bool {
	return r >= 0x300 && unicode.In(r, unicode.Mn, unicode.Me, unicode.Mc) || r == joiner ||
		r >= 0x1F3FB && r <= 0x1F3FF || // skin tones
		r >= 0xE0020 && r <= 0xE007F || // the tags of regional flags
		r >= 0x1160 && r <= 0x11FF // vowels and finals of Hangul
}

func isFlag(r rune) bool { return r >= 0x1F1E6 && r <= 0x1F1FF }

// wideRanges are the characters of width 2, of Unicode 14 with what is reserved
// between them. It's sorted.
var wideRanges = [...][2]rune{
	{0x1100, 0x115F}, {0x231A, 0x231B}, {0x2329, 0x232A}, {0x23E9, 0x23EC}, {0x23F0, 0x23F0}, {0x23F3, 0x23F3},
	{0x25FD, 0x25FE}, {0x2614, 0x2615}, {0x2648, 0x2653}, {0x267F, 0x267F}, {0x2693, 0x2693}, {0x26A1, 0x26A1},
	{0x26AA, 0x26AB}, {0x26BD, 0x26BE}, {0x26C4, 0x26C5}, {0x26CE, 0x26CE}, {0x26D4, 0x26D4}, {0x26EA, 0x26EA},
	{0x26F2, 0x26F3}, {0x26F5, 0x26F5}, {0x26FA, 0x26FA}, {0x26FD, 0x26FD}, {0x2705, 0x2705}, {0x270A, 0x270B},
	{0x2728, 0x2728}, {0x274C, 0x274C}, {0x274E, 0x274E}, {0x2753, 0x2755}, {0x2757, 0x2757}, {0x2795, 0x2797},
	{0x27B0, 0x27B0}, {0x27BF, 0x27BF}, {0x2B1B, 0x2B1C}, {0x2B50, 0x2B50}, {0x2B55, 0x2B55}, {0x2E80, 0x303E},
	{0x3041, 0x3247}, {0x3250, 0x4DBF}, {0x4E00, 0xA4C6}, {0xA960, 0xA97C}, {0xAC00, 0xD7A3}, {0xF900, 0xFAD9},
	{0xFE10, 0xFE19}, {0xFE30, 0xFE6B}, {0xFF01, 0xFF60}, {0xFFE0, 0xFFE6}, {0x16FE0, 0x18D08},
	{0x1AFF0, 0x1B2FB}, {0x1F004, 0x1F004}, {0x1F0CF, 0x1F0CF}, {0x1F18E, 0x1F18E}, {0x1F191, 0x1F19A},
	{0x1F200, 0x1F265}, {0x1F300, 0x1F320}, {0x1F32D, 0x1F335}, {0x1F337, 0x1F37C}, {0x1F37E, 0x1F393},
	{0x1F3A0, 0x1F3CA}, {0x1F3CF, 0x1F3D3}, {0x1F3E0, 0x1F3F0}, {0x1F3F4, 0x1F3F4}, {0x1F3F8, 0x1F43E},
	{0x1F440, 0x1F440}, {0x1F442, 0x1F4FC}, {0x1F4FF, 0x1F53D}, {0x1F54B, 0x1F54E}, {0x1F550, 0x1F567},
	{0x1F57A, 0x1F57A}, {0x1F595, 0x1F596}, {0x1F5A4, 0x1F5A4}, {0x1F5FB, 0x1F64F}, {0x1F680, 0x1F6C5},
	{0x1F6CC, 0x1F6CC}, {0x1F6D0, 0x1F6D2}, {0x1F6D5, 0x1F6DF}, {0x1F6EB, 0x1F6EC}, {0x1F6F4, 0x1F6FC},
	{0x1F7E0, 0x1F7F0}, {0x1F90C, 0x1F93A}, {0x1F93C, 0x1F945}, {0x1F947, 0x1F9FF}, {0x1FA70, 0x1FAF6},
	{0x20000, 0x3FFFD},
}
