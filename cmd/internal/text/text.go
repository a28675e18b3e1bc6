// Package text makes what a peer sent fit to be shown: no byte of it controls a
// terminal, breaks a line of a log, or changes the direction of other text.
package text

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Escape returns s with its control and direction characters, and what is not
// UTF-8, as escapes of Go's kind. Tabs stay.
func Escape(s string) string {
	clean := func(r rune) bool { return !unsafe(r) && r != utf8.RuneError }
	if strings.IndexFunc(s, func(r rune) bool { return !clean(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case clean(r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == utf8.RuneError:
			b.WriteRune(r)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// unsafe reports whether r does something else than to show itself. The format
// characters (Cf) have the marks of direction; joiners among them are harmless
// and needed to write some scripts and emoji.
func unsafe(r rune) bool {
	switch r {
	case '\t', '\u200c', '\u200d':
		return false
	case '\u2028', '\u2029':
		return true
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && !(r >= 0xE0020 && r <= 0xE007F)
}
