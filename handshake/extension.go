package handshake

import (
	"errors"
	"fmt"
	"strings"
)

// maxExtensions and maxParams bound what one header may ask for.
const (
	maxExtensions = 64
	maxParams     = 16
)

// Extension is one offer or answer of an extension (RFC 6455 section 9.1).
type Extension struct {
	Name   string
	Params []Param
}

// Param is a parameter of an extension. Its value, which can't be empty in the
// grammar, is "" if there is none.
type Param struct {
	Name, Value string
}

// ParseExtensions parses the values of all headers Sec-WebSocket-Extensions
// together (RFC 6455 section 9.1): nil if there are none. A value in quotes stands
// for its contents, which have to be a token. Empty elements are skipped (RFC 9110
// section 5.6.1.2), if they are not too many. More extensions or parameters than
// anybody needs are an error. Which extensions and parameters make sense is for
// others to tell.
func ParseExtensions(lines []string) ([]Extension, error) {
	return parseExtensions(lines, false)
}

// parseExtensions is [ParseExtensions]. What a client offers is more than what is
// used: of offers, one that has a value in quotes which isn't a token, as no extension
// that is known here has, is left out.
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

// FormatExtensions is the reverse of [ParseExtensions]: the value of one header.
// It writes what it is given; [RequestHeader] and [AppendResponse] check it first.
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

// checkExtensions returns an error if the extensions can't be written.
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

// scanner takes a header's value apart from its beginning, where there never is
// white space.
type scanner struct{ rest string }

// advance takes n bytes, and skips the white space behind.
func (s *scanner) advance(n int) (taken string) {
	taken, s.rest = s.rest[:n], strings.TrimLeft(s.rest[n:], " \t")
	return taken
}

func (s *scanner) skip(b byte) bool {
	found := s.rest != "" && s.rest[0] == b
	if found {
		s.advance(1)
	}
	return found
}

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

// extension scans one element. If nothing but the value of a parameter is wrong, the
// error is errNoToken, and the scanner is behind the element.
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

// value scans a token or a quoted string that unquoted is a token. What else is in
// quotes is skipped, and the error is errNoToken.
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
