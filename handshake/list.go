package handshake

import (
	"fmt"
	"strings"
)

// tokenBytes says which bytes a token may have (RFC 9110 section 5.6.2).
var tokenBytes = func() (t [256]bool) {
	for _, b := range []byte("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
		t[b] = true
	}
	return t
}()

func isToken(s string) bool {
	for i := range len(s) {
		if !tokenBytes[s[i]] {
			return false
		}
	}
	return s != ""
}

// trim removes spaces and tabs around s (RFC 9110 section 5.6.3).
func trim(s string) string { return strings.Trim(s, " \t") }

// equalFold reports whether s is ascii, in any case. Unicode folds some longer characters
// to ASCII letters, such as the Kelvin sign to k; the comparison of lengths keeps them
// out.
func equalFold(s, ascii string) bool {
	return len(s) == len(ascii) && strings.EqualFold(s, ascii)
}

// hasToken reports whether one of the comma-separated lists in lines has token as a whole
// element, in any case.
func hasToken(lines []string, token string) bool {
	for _, line := range lines {
		for more := true; more; {
			var element string
			element, line, more = strings.Cut(line, ",")
			if equalFold(trim(element), token) {
				return true
			}
		}
	}
	return false
}

// maxEmpty is how many empty elements the lists of one header may have. RFC 9110 section
// 5.6.1.2 wants a recipient to ignore "a reasonable number of empty list elements: enough
// to handle common mistakes by senders that merge values, but not so much that they could
// be used as a denial of service mechanism".
const maxEmpty = 64

// emptyElements counts the empty elements of one header.
type emptyElements int

// add counts one more. It returns an error if there are too many.
func (n *emptyElements) add() error {
	if *n++; *n > maxEmpty {
		return fmt.Errorf("more than %d elements are empty", maxEmpty)
	}
	return nil
}

// printable quotes the beginning of what a peer sent, with everything escaped that is
// not printable ASCII, for a text of one line.
func printable(s string) string {
	const most = 40
	if len(s) > most {
		return fmt.Sprintf("%+q...", s[:most])
	}
	return fmt.Sprintf("%+q", s)
}
