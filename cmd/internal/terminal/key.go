package terminal

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// A key is a character, a control character, or one of those below; with alt
// if Alt, or Escape before it, was pressed.
type key struct {
	r   rune
	alt bool
}

const (
	keyUp rune = -1 - iota
	keyDown
	keyRight
	keyLeft
	keyHome
	keyEnd
	keyDelete
	keyWordRight
	keyWordLeft
	keyPaste    // what follows was pasted
	keyPasteEnd // until here
	keyUnknown
)

// ctrl is the key that a letter makes together with Ctrl.
func ctrl(letter rune) rune { return letter & 0x1F }

const escape = 0x1B

// maxSequence is the length of the longest escape sequence that is waited for.
const maxSequence = 32

// parseKey returns the key that b begins with and its length, 0 if that's not
// there to its end. Escape by itself is a prefix and waits for the next key, so
// that no clock is needed to tell the two apart.
func parseKey(b []byte) (key, int) {
	switch {
	case len(b) == 0:
		return key{}, 0
	case b[0] != escape:
		return parseRune(b)
	case len(b) == 1:
		return key{}, 0
	case b[1] == '[':
		return parseCSI(b)
	case b[1] == 'O':
		if len(b) == 2 {
			return key{}, 0
		}
		return key{r: named(b[2], "", "")}, 3
	case b[1] == escape:
		return key{r: keyUnknown}, 1
	}
	k, n := parseRune(b[1:])
	if n == 0 {
		return key{}, 0
	}
	k.alt = true
	return k, n + 1
}

func parseRune(b []byte) (key, int) {
	if !utf8.FullRune(b) {
		return key{}, 0
	}
	r, n := utf8.DecodeRune(b)
	if r == utf8.RuneError && n == 1 {
		r = keyUnknown
	}
	return key{r: r}, n
}

// parseCSI parses ESC [ parameters final.
func parseCSI(b []byte) (key, int) {
	if len(b) > 2 && b[2] == '[' { // a function key of the Linux console
		if len(b) == 3 {
			return key{}, 0
		}
		return key{r: keyUnknown}, 4
	}
	for i := 2; i < len(b) && i < maxSequence; i++ {
		switch c := b[i]; {
		case c >= 0x40 && c <= 0x7E:
			number, modifier, _ := bytes.Cut(b[2:i], []byte(";"))
			return key{r: named(c, string(number), string(modifier))}, i + 1
		case c < 0x20 || c > 0x7E: // not a sequence after all
			return key{r: keyUnknown}, i
		}
	}
	if len(b) >= maxSequence {
		return key{r: keyUnknown}, maxSequence
	}
	return key{}, 0
}

// named returns the key of an escape sequence.
func named(final byte, number, modifier string) rune {
	m, _ := strconv.Atoi(modifier)
	word := m >= 3 // 3 is Alt, 5 is Ctrl, more are several
	switch final {
	case 'A':
		return keyUp
	case 'B':
		return keyDown
	case 'C':
		if word {
			return keyWordRight
		}
		return keyRight
	case 'D':
		if word {
			return keyWordLeft
		}
		return keyLeft
	case 'H':
		return keyHome
	case 'F':
		return keyEnd
	case '~':
		switch number {
		case "1", "7":
			return keyHome
		case "4", "8":
			return keyEnd
		case "3":
			return keyDelete
		case "200":
			return keyPaste
		case "201":
			return keyPasteEnd
		}
	}
	return keyUnknown
}

var pasteEnd = []byte("\x1b[201~")

// parsePasted is parseKey inside of pasted text, in which nothing but a line's
// end has a meaning.
func parsePasted(b []byte) (key, int) {
	switch {
	case bytes.HasPrefix(b, pasteEnd):
		return key{r: keyPasteEnd}, len(pasteEnd)
	case bytes.HasPrefix(pasteEnd, b):
		return key{}, 0
	case b[0] == '\r' && len(b) == 1:
		return key{}, 0 // the end marker, at least, comes after it
	case b[0] == '\r' && b[1] == '\n':
		return key{r: '\r'}, 2
	}
	return parseRune(b)
}
