package data

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Syllables that words are made of, with letters beyond ASCII.
var syllables = []string{
	"be", "ge", "ver", "an", "aus", "ein", "der", "die", "das", "und", "nicht", "wel", "len", "strom", "für", "über", "grün",
	"schön", "haus", "tür", "wald", "licht", "mann", "frau", "geist", "wort", "sein", "wer", "den", "heit", "keit", "ung", "lich", "straße",
}

func word(r *rand.Rand) string {
	var b strings.Builder
	for range 1 + r.IntN(3) {
		b.WriteString(syllables[min(r.IntN(len(syllables)), r.IntN(len(syllables)))]) // some are used more often
	}
	return b.String()
}

func json(r *rand.Rand) []byte {
	var b strings.Builder
	b.WriteString("[\n")
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, `  {"id": %d, "name": %q, "balance": %.2f, "active": %t, "tags": [%q, %q], "about": "%s %s %s"},`+"\n",
			i, word(r), r.Float64()*1e4, r.IntN(2) == 0, word(r), word(r), word(r), word(r), word(r))
	}
	b.WriteString("  null]\n")
	return []byte(b.String())
}

func picture(r *rand.Rand) []byte {
	b := make([]byte, 0, size)
	for y := range 512 {
		for x := range 512 {
			b = append(b, byte(x/3+y/2+(x*y)>>12+r.IntN(3)))
		}
	}
	return b
}

func prose(r *rand.Rand) []byte {
	var b strings.Builder
	for b.Len() < size {
		for i := range 4 + r.IntN(9) {
			w := word(r)
			if i == 0 {
				w = strings.ToUpper(w[:1]) + w[1:]
			} else {
				b.WriteByte(' ')
			}
			b.WriteString(w)
		}
		b.WriteString(".\r\n")
	}
	return []byte(b.String())
}

func html(r *rand.Rand) []byte {
	var b strings.Builder
	b.WriteString("<!DOCTYPE html>\n<html><body><table class=\"list\">\n")
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "  <tr class=%q><td class=\"number\">%d</td><td><a href=\"/%s/%d\">%s</a></td><td>%s %s</td></tr>\n",
			[]string{"odd", "even"}[i%2], i, word(r), r.IntN(1e6), word(r), word(r), word(r))
	}
	b.WriteString("</table></body></html>\n")
	return []byte(b.String())
}

func noise(r *rand.Rand) []byte { return Noise(r, size) }

// Noise returns n random bytes.
func Noise(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// Text returns at least n bytes of random text, with characters of one to four
// bytes.
func Text(r *rand.Rand, n int) []byte {
	var b []byte
	for len(b) < n {
		switch r.IntN(8) {
		case 0:
			b = append(b, string(rune(0x80+r.IntN(0x780)))...)
		case 1:
			b = append(b, string(rune(0x4e00+r.IntN(0x1000)))...)
		case 2:
			b = append(b, string(rune(0x1f300+r.IntN(0x200)))...)
		default:
			b = append(b, byte(' '+r.IntN(95)))
		}
	}
	return b
}
