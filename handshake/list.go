package handshake

import (
	"fmt"
	"strings"
)

// tokenBytes has the characters of a token (RFC 9110 section 5.6.2).
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

// trim removes the optional white space of RFC 9110 section 5.6.3 around s.
func trim(s string) string { return strings.Trim(s, " \t") }

// equalFold compares s with ascii in whatever case. Unicode folds some characters
// to ASCII letters, such as the Kelvin sign to k; these are longer.
func equalFold(s, ascii string) bool {
	return len(s) == len(ascii) && strings.EqualFold(s, ascii)
}

// hasToken reports whether the comma-separated lists in lines hold token, in
// whatever case. An element counts only as a whole.
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

// maxEmpty is how many empty elements the lists of one header may have. A recipient
// ignores "a reasonable number of empty list elements: enough to handle common mistakes
// by senders that merge values, but not so much that they could be used as a denial of
// service" (RFC 9110 section 5.6.1.2).
const maxEmpty = 64

// emptyElements counts the empty elements of one header.
type emptyElements int

func (n *emptyElements) add() error {
	if *n++; *n > maxEmpty {
		return fmt.Errorf("more than %d elements are empty", maxEmpty)
	}
	return nil
}

// printable makes the beginning of what a peer sent fit for a line of text.
func printable(s string) string {
	const most = 40
	if len(s) > most {
		return fmt.Sprintf("%+q...", s[:most])
	}
	return fmt.Sprintf("%+q", s)
}
