package client

import (
	"strings"
	"testing"
)

// TestPunycode has samples of RFC 3492 section 7.1.
func TestPunycode(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, want string }{
		{"Arabic", "ليهمابتكلموشعربي؟", "egbpdaj6bu4bxfgehfvwxn"},
		{"Chinese, simplified", "他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye"},
		{"Chinese, traditional", "他們爲什麽不說中文", "ihqwctvzc91f659drss3x8bo0yb"},
		{"Czech", "Pročprostěnemluvíčesky", "Proprostnemluvesky-uyb24dma41a"},
		{"a title with digits", "3年B組金八先生", "3B-ww4c5e180e575a65lsy2b"},
		{"a title with hyphens", "安室奈美恵-with-SUPER-MONKEYS", "-with-SUPER-MONKEYS-pc58ag80a8qai00g7n9n"},
		{"ASCII only", "-> $1.00 <-", "-> $1.00 <--"},
	} {
		if got := punycode([]rune(tt.in)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestNoOtherName: what would need the tables of Unicode is an error, never the
// name that comes out without them.
func TestNoOtherName(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, host, err string }{
		{"a ligature", "ﬁne.example", "U+FB01"},
		{"an accent of its own", "u\u0308ber.example", "U+0308"},
		{"a mark at the beginning", "\u093e.example", "combining mark"},
		{"a dotted capital I", "İstanbul.example", "U+0130"},
		{"a letter-like symbol", "℡.example", "U+2121"},
		{"a superscript", "a²b.example", "U+00B2"},
		{"a compatibility ideograph", "\uf900.example", "U+F900"},
		{"a space that is not ASCII", "a\u2003b.example", "U+2003"},
		{"right-to-left override", "a\u202eb.example", "U+202E"},
		{"not UTF-8", "a\xffb.example", "UTF-8"},
		{"a label that is too long", strings.Repeat("ü", 64) + ".example", "longer than 63"},
		{"a label that is too long once encoded", strings.Repeat("üx中", 20) + ".example", "longer than 63"},
		{"a name that is too long", strings.Repeat("ü.", 80) + "example", "longer than 253"},
		{"encoded twice", "xn--ü.example", "xn--"},
	} {
		if got, err := toASCII(tt.host); err == nil || !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: %q, %v; want an error with %q", tt.name, got, err, tt.err)
		}
	}
}
