// Dialing, names of hosts that aren't ASCII. It looks up nothing in the DNS.

package client

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxLabel = 63  // bytes of a label, and of characters before it is encoded
	maxName  = 253 // bytes of a name (RFC 1035 section 2.3.4)
)

// toASCII returns a host name in lower case, with each label that is not ASCII
// in the form of the DNS (RFC 5890 section 2.3.2.1), as browsers and net/http
// convert it. The full tables of Unicode, which the standard library doesn't have,
// would rewrite some characters to others, for instance "ﬁ" to "fi" or an "a" and
// a combining accent to one letter. Such characters are an error here, never
// another name.
func toASCII(host string) (string, error) {
	if isASCII(host) {
		return strings.ToLower(host), nil
	}
	if !utf8.ValidString(host) {
		return "", errors.New("the host is not UTF-8")
	}
	labels := strings.Split(strings.Map(mapHostRune, host), ".")
	for i, label := range labels {
		if isASCII(label) {
			continue
		}
		runes := []rune(label)
		if err := checkLabel(runes); err != nil {
			return "", err
		}
		if labels[i] = "xn--" + punycode(runes); len(labels[i]) > maxLabel {
			return "", errLabelTooLong
		}
	}
	name := strings.Join(labels, ".")
	if len(strings.TrimSuffix(name, ".")) > maxName {
		return "", fmt.Errorf("the host is longer than %d bytes", maxName)
	}
	return name, nil
}

var errLabelTooLong = fmt.Errorf("a label of the host is longer than %d bytes", maxLabel)

// isASCII reports whether all bytes of s are ASCII.
func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// mapHostRune does what of the mapping of UTS #46 needs no table: lower case, the
// full stops and full-width letters of East Asian keyboards, and characters that
// only influence the display, which are left out.
func mapHostRune(r rune) rune {
	switch {
	case r == '\u3002' || r == '\uff0e' || r == '\uff61':
		return '.'
	case '\uff01' <= r && r <= '\uff5e':
		r -= '\uff01' - '!'
	case r == '\u00ad' || r == '\u200b' || r == '\u2060' || r == '\ufeff' || '\ufe00' <= r && r <= '\ufe0f':
		return -1
	case unicode.Is(rewritten, r):
		return r // what it is in lower case would be another name
	}
	return unicode.ToLower(r)
}

// checkLabel returns an error if the label has characters that are not allowed in
// names, or that toASCII can't convert.
func checkLabel(label []rune) error {
	switch {
	case len(label) > maxLabel:
		return errLabelTooLong
	case unicode.Is(unicode.M, label[0]):
		return fmt.Errorf("a label of the host begins with the combining mark %U", label[0])
	case strings.HasPrefix(string(label), "xn--"):
		return errors.New("a label of the host begins with xn-- and is not ASCII")
	}
	for _, r := range label {
		allowed := r < utf8.RuneSelf || // parseHost looks at these
			unicode.In(r, unicode.L, unicode.M, unicode.Nd, unicode.So) ||
			r == '\u00b7' || r == '\u30fb' || r == '\u05f3' || r == '\u05f4' // RFC 5892 appendix A
		if !allowed || unicode.Is(rewritten, r) {
			return fmt.Errorf("the character %q (%U) of the host can't be converted to ASCII; give the host in its xn-- form", r, r)
		}
	}
	return nil
}

// rewritten has the letters, marks and symbols that UTS #46 maps to others, or
// that may combine with the one before them, so that they would need its tables
// and those of NFC. It errs on the side of having too many.
var rewritten = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x00aa, 0x00aa, 1}, {0x00b5, 0x00b5, 1}, {0x00ba, 0x00ba, 1}, {0x0130, 0x0130, 1}, {0x0132, 0x0133, 1},
		{0x013f, 0x0140, 1}, {0x0149, 0x0149, 1}, {0x017f, 0x017f, 1}, {0x01c4, 0x01cc, 1}, {0x01f1, 0x01f3, 1},
		{0x02b0, 0x02b8, 1}, {0x02e0, 0x02e4, 1}, {0x0300, 0x0345, 1}, {0x034f, 0x034f, 1}, {0x0374, 0x0374, 1},
		{0x037a, 0x037a, 1}, {0x03d0, 0x03d6, 1}, {0x03f0, 0x03f5, 1}, {0x03f9, 0x03f9, 1}, {0x04c0, 0x04c0, 1},
		{0x0587, 0x0587, 1}, {0x0653, 0x0655, 1}, {0x0675, 0x0678, 1}, {0x0958, 0x095f, 1}, {0x09dc, 0x09df, 1},
		{0x0a33, 0x0a36, 3}, {0x0a59, 0x0a5b, 1}, {0x0a5e, 0x0a5e, 1}, {0x0b5c, 0x0b5d, 1}, {0x0e33, 0x0e33, 1},
		{0x0eb3, 0x0eb3, 1}, {0x0edc, 0x0edd, 1}, {0x0f43, 0x0f4d, 10}, {0x0f52, 0x0f5c, 5}, {0x0f69, 0x0f69, 1},
		{0x0f73, 0x0f73, 1}, {0x0f75, 0x0f79, 1}, {0x0f81, 0x0f81, 1}, {0x0f93, 0x0f9d, 10}, {0x0fa2, 0x0fac, 5},
		{0x0fb9, 0x0fb9, 1}, {0x10a0, 0x10c5, 1}, {0x10fc, 0x10fc, 1}, {0x1100, 0x11ff, 1}, {0x13a0, 0x13fd, 1},
		{0x17b4, 0x17b5, 1}, {0x180b, 0x180f, 1}, {0x1c80, 0x1c89, 1}, {0x1d2c, 0x1dbf, 1}, {0x1e9a, 0x1e9b, 1},
		{0x1e9e, 0x1e9e, 1}, {0x1f71, 0x1f7d, 2}, {0x1f80, 0x1faf, 1}, {0x1fb2, 0x1fb4, 1}, {0x1fb7, 0x1fc4, 1},
		{0x1fc7, 0x1fcf, 1}, {0x1fd3, 0x1fe3, 16}, {0x1ff2, 0x1ff4, 1}, {0x1ff7, 0x209c, 1}, {0x2100, 0x2129, 1},
		{0x212c, 0x214f, 1}, {0x2160, 0x2188, 1}, {0x249c, 0x24e9, 1}, {0x2c7c, 0x2c7d, 1}, {0x2d6f, 0x2d6f, 1},
		{0x2e9f, 0x2e9f, 1}, {0x2ef3, 0x2ffb, 1}, {0x3036, 0x3036, 1}, {0x3099, 0x309a, 1}, {0x309f, 0x309f, 1},
		{0x30ff, 0x30ff, 1}, {0x3131, 0x319f, 1}, {0x3200, 0x33ff, 1}, {0xa69c, 0xa69d, 1}, {0xa770, 0xa770, 1},
		{0xa7f2, 0xa7f9, 1}, {0xab5c, 0xab5f, 1}, {0xab69, 0xabbf, 1}, {0xd7b0, 0xd7ff, 1}, {0xf900, 0xfdff, 1},
		{0xfe70, 0xffff, 1},
	},
	R32: []unicode.Range32{
		{0x10781, 0x107ba, 1}, {0x1d15e, 0x1d164, 1}, {0x1d1bb, 0x1d1c0, 1}, {0x1d400, 0x1d7ff, 1}, {0x1e030, 0x1e06d, 1},
		{0x1ee00, 0x1eeff, 1}, {0x1f100, 0x1f1e5, 1}, {0x1f200, 0x1f251, 1}, {0x1fbf0, 0x1fbf9, 1}, {0x2f800, 0x2fa1d, 1},
		{0xe0000, 0xe01ef, 1},
	},
}
