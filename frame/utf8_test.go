package frame

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// viable reports whether p is the beginning of a valid text: it is valid, apart from a last
// character that continuation bytes can complete.
func viable(p []byte) bool {
	for len(p) > 0 && utf8.FullRune(p) {
		r, size := utf8.DecodeRune(p)
		if r == utf8.RuneError && size == 1 {
			return false
		}
		p = p[size:]
	}
	return true
}

// check passes p to a UTF8 in two parts, cut everywhere, and byte by byte, and compares the
// results with those of viable and utf8.Valid.
func check(t *testing.T, p []byte) {
	want, done := viable(p), utf8.Valid(p)
	for cut := 0; cut <= len(p); cut++ {
		var u UTF8
		ok := u.Feed(p[:cut]) && u.Feed(p[cut:])
		if ok != want || ok && u.Done() != done {
			t.Fatalf("% x cut at %d: %v, done %v; want %v, %v", p, cut, ok, u.Done(), want, done)
		}
	}
	var u UTF8
	for i := range p {
		if ok := u.Feed(p[i : i+1]); ok != viable(p[:i+1]) {
			t.Fatalf("% x byte by byte: %v at byte %d", p, ok, i)
		} else if !ok {
			return
		}
	}
}

// TestUTF8Exhaustive feeds every text of 1, 2 and 3 bytes, and those of 4 with
// every two bytes that begin a long character, and bytes at the edges after.
func TestUTF8Exhaustive(t *testing.T) {
	t.Parallel()
	edges := []byte{0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xe0, 0xed, 0xf0, 0xf4, 0xff}
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	later := all
	if poison {
		later = edges // the race detector is slow, and finds nothing here
	}
	p := make([]byte, 4)
	for _, p[0] = range all {
		check(t, p[:1])
		for _, p[1] = range later {
			check(t, p[:2])
			for _, p[2] = range later {
				check(t, p[:3])
			}
			for _, p[2] = range edges {
				if p[0] < 0xf0 || p[0] > 0xf4 {
					break
				}
				for _, p[3] = range edges {
					check(t, p)
				}
			}
		}
	}
}

func TestUTF8(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		badAt      int // the first byte that can't be; -1 for none
		done       bool
	}{
		{"U1_overlong_2", "ab\xc0\x80", 2, false},
		{"U1_overlong_3", "\xe0\x80\x80", 1, false},
		{"U1_overlong_4", "\xf0\x80\x80\x80", 1, false},
		{"U1_surrogate", "\xed\xa0\x80", 1, false},
		{"U1_surrogate_last", "\xed\xbf\xbf", 1, false},
		{"U1_above_10FFFF", "\xf4\x90\x80\x80", 1, false},
		{"U1_F5", "\xf5\x80", 0, false},
		{"U1_lone_continuation", "a\x80", 1, false},
		{"U1_FE", "\xfe", 0, false},
		{"U1_FF", "a\xff", 1, false},
		{"U2_cut_at_the_end", "κόσμ\xce", -1, false},
		{"U3_Autobahn_6.4", "κόσμε\xf4\x90\x80\x80edited", 11, false},
		{"U5_noncharacters", "\uFFFE\uFFFF\U0010FFFF", -1, true},
		{"empty", "", -1, true},
		{"mixed", "a£€😀 Привет 日本", -1, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			check(t, []byte(tt.text))
			var u UTF8
			for i := range len(tt.text) {
				if ok := u.Feed([]byte{tt.text[i]}); ok != (tt.badAt < 0 || i < tt.badAt) {
					t.Fatalf("%v at byte %d", ok, i)
				} else if !ok {
					return
				}
			}
			if u.Done() != tt.done {
				t.Errorf("Done() = %v", u.Done())
			}
		})
	}
}

func TestUTF8Random(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		var b strings.Builder
		for range rng.IntN(100) {
			b.WriteRune([]rune("aé€😀я\uFFFD")[rng.IntN(6)])
		}
		p := []byte(b.String())
		if len(p) > 0 && rng.IntN(2) == 0 {
			p[rng.IntN(len(p))] = byte(rng.IntN(256))
		}
		var u UTF8
		for fed := 0; fed < len(p); {
			n := 1 + rng.IntN(min(len(p)-fed, 20))
			ok := u.Feed(p[fed : fed+n])
			fed += n
			if ok != viable(p[:fed]) || ok && u.Done() != utf8.Valid(p[:fed]) {
				t.Fatalf("% x, first %d bytes: %v, done %v", p, fed, ok, u.Done())
			} else if !ok {
				break
			}
		}
	}
}
