package handshake

import (
	"errors"
	"fmt"
	"strings"
)

// maxExtensions is how many extensions the headers of one message may have, and
// maxParams how many parameters each of those.
const (
	maxExtensions = 64
	maxParams     = 16
)

// Extension is one extension of Sec-WebSocket-Extensions, as an offer of the client or
// as an answer of the server (RFC 6455 section 9.1).
type Extension struct {
	Name   string  // a token; case counts
	Params []Param // in the order in which they are written; may be nil
}

// Param is a parameter of an extension. Its value is a token, or "" if it has none: the
// grammar knows no empty value.
type Param struct {
	Name, Value string
}

// ParseExtensions parses the values of all headers Sec-WebSocket-Extensions of a message
// (RFC 6455 section 9.1). It returns nil if there are none. A value in quotes is
// returned without them; its content has to be a token. Up to 64 empty elements are
// skipped (RFC 9110 section 5.6.1.2). More than that, more than 64 extensions, or one
// with more than 16 parameters, is an error. Whether the extensions are known and what
// their parameters mean is for the caller. Time is linear in the size of lines.
func ParseExtensions(lines []string) ([]Extension, error) {
	return parseExtensions(lines, false)
}

// parseExtensions is [ParseExtensions]. In a client's offers, an extension with a quoted
// value that is not a token is left out: no extension that is known here has one, and
// the other offers may be of use.
func parseExtensions(lines []string, offers bool) ([]Extension, error) {
	var extensions []Extension
	var empty emptyElements
	n := 0
	for _, line := range lines {
		s := scanner{rest: strings.TrimLeft(line, " \t")}
		for more := true; more; more = s.skip(',') {
			if s.rest == "" || s.rest[0] == ',' {
				if err := empty.add(); err != nil {
					return nil, err
				}
				continue
			}
			if n++; n > maxExtensions {
				return nil, fmt.Errorf("more than %d extensions", maxExtensions)
			}
			e, err := s.extension()
			if err == errNoToken && offers {
				continue
			}
			if err != nil {
				return nil, err
			}
			extensions = append(extensions, e)
		}
		if s.rest != "" {
			return nil, fmt.Errorf("%s where a comma is expected", printable(s.rest))
		}
	}
	return extensions, nil
}

// FormatExtensions returns the value of one header for the extensions, "" for none: the
// reverse of [ParseExtensions]. It does not check that names and values are tokens;
// [RequestHeader] and [AppendResponse] do.
func FormatExtensions(extensions []Extension) string {
	return string(appendExtensions(nil, extensions))
}

func appendExtensions(dst []byte, extensions []Extension) []byte {
	for i, e := range extensions {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(dst, e.Name...)
		for _, p := range e.Params {
			dst = append(append(dst, "; "...), p.Name...)
			if p.Value != "" {
				dst = append(append(dst, '='), p.Value...)
			}
		}
	}
	return dst
}

// checkExtensions returns an error if a name or a value is not a token, and so can't be
// written.
func checkExtensions(extensions []Extension) error {
	for _, e := range extensions {
		if !isToken(e.Name) {
			return fmt.Errorf("extension %q is not a token", e.Name)
		}
		for _, p := range e.Params {
			if !isToken(p.Name) || p.Value != "" && !isToken(p.Value) {
				return fmt.Errorf("parameter %q=%q of extension %s is not made of tokens", p.Name, p.Value, e.Name)
			}
		}
	}
	return nil
}

// scanner splits the value of a header from left to right. No white space is at the
// beginning of rest.
type scanner struct{ rest string }

// advance takes n bytes and skips the white space behind them.
func (s *scanner) advance(n int) (taken string) {
	taken, s.rest = s.rest[:n], strings.TrimLeft(s.rest[n:], " \t")
	return taken
}

// skip takes b, and reports whether it was there.
func (s *scanner) skip(b byte) bool {
	found := s.rest != "" && s.rest[0] == b
	if found {
		s.advance(1)
	}
	return found
}

// token takes a token. The error names it as what.
func (s *scanner) token(what string) (string, error) {
	n := 0
	for n < len(s.rest) && tokenBytes[s.rest[n]] {
		n++
	}
	if n == 0 {
		return "", fmt.Errorf("%s is missing", what)
	}
	return s.advance(n), nil
}

// extension takes one extension with its parameters. If nothing is wrong but a quoted
// value that is not a token, the error is errNoToken and all of the extension is taken.
func (s *scanner) extension() (e Extension, err error) {
	if e.Name, err = s.token("the name of an extension"); err != nil {
		return e, err
	}
	var noToken error
	for s.skip(';') {
		if len(e.Params) == maxParams {
			return e, fmt.Errorf("extension %s has more than %d parameters", printable(e.Name), maxParams)
		}
		var p Param
		if p.Name, err = s.token("the name of a parameter"); err != nil {
			return e, err
		}
		if s.skip('=') {
			if p.Value, err = s.value(); err == errNoToken {
				noToken = err
			} else if err != nil {
				return e, err
			}
		}
		e.Params = append(e.Params, p)
	}
	return e, noToken
}

var errNoToken = errors.New("a value in quotes is not a token")

// value takes a token, or a quoted string whose content is a token. If the content is
// anything else, the error is errNoToken and the string is taken.
func (s *scanner) value() (string, error) {
	if !strings.HasPrefix(s.rest, `"`) {
		return s.token("the value of a parameter")
	}
	var b strings.Builder
	isToken := true
	for i := 1; i < len(s.rest); i++ {
		c := s.rest[i]
		if c == '"' {
			s.advance(i + 1)
			if !isToken || b.Len() == 0 {
				return "", errNoToken
			}
			return b.String(), nil
		}
		if c == '\\' && i+1 < len(s.rest) {
			i++
			c = s.rest[i]
		}
		if isToken = isToken && tokenBytes[c]; isToken {
			b.WriteByte(c)
		}
	}
	return "", errors.New("quotes are not closed")
}
