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

// Param is a parameter of an extension. A value, if there is one, is not empty.
type Param struct {
	Name, Value string
}

// ParseExtensions parses the values of all headers Sec-WebSocket-Extensions
// together. A value in quotes stands for its contents, which have to be a token.
func ParseExtensions(lines []string) ([]Extension, error) {
	var extensions []Extension
	for _, line := range lines {
		s := scanner{line}
		for {
			if len(extensions) == maxExtensions {
				return nil, fmt.Errorf("more than %d extensions", maxExtensions)
			}
			e, err := s.extension()
			if err != nil {
				return nil, err
			}
			extensions = append(extensions, e)
			if s.rest == "" {
				break
			}
			if !s.skip(',') {
				return nil, fmt.Errorf("%s where a comma is expected", printable(s.rest))
			}
		}
	}
	return extensions, nil
}

// FormatExtensions is the reverse of [ParseExtensions]: the value of one header.
func FormatExtensions(extensions []Extension) string {
	var b strings.Builder
	for i, e := range extensions {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(e.Name)
		for _, p := range e.Params {
			b.WriteString("; ")
			b.WriteString(p.Name)
			if p.Value != "" {
				b.WriteByte('=')
				b.WriteString(p.Value)
			}
		}
	}
	return b.String()
}

// scanner takes a header's value apart from its beginning.
type scanner struct{ rest string }

// skip skips b and the white space around it.
func (s *scanner) skip(b byte) bool {
	t := strings.TrimLeft(s.rest, " \t")
	if t == "" || t[0] != b {
		return false
	}
	s.rest = strings.TrimLeft(t[1:], " \t")
	return true
}

func (s *scanner) token(what string) (string, error) {
	s.rest = strings.TrimLeft(s.rest, " \t")
	n := 0
	for n < len(s.rest) && tokenBytes[s.rest[n]] {
		n++
	}
	if n == 0 {
		return "", fmt.Errorf("%s is missing", what)
	}
	t := s.rest[:n]
	s.rest = strings.TrimLeft(s.rest[n:], " \t")
	return t, nil
}

func (s *scanner) extension() (e Extension, err error) {
	if e.Name, err = s.token("the name of an extension"); err != nil {
		return e, err
	}
	for s.skip(';') {
		if len(e.Params) == maxParams {
			return e, fmt.Errorf("extension %s has more than %d parameters", printable(e.Name), maxParams)
		}
		var p Param
		if p.Name, err = s.token("the name of a parameter"); err != nil {
			return e, err
		}
		if s.skip('=') {
			if p.Value, err = s.value(); err != nil {
				return e, err
			}
		}
		e.Params = append(e.Params, p)
	}
	return e, nil
}

// value scans a token or a quoted string that unquoted is a token.
func (s *scanner) value() (string, error) {
	if !strings.HasPrefix(s.rest, `"`) {
		return s.token("the value of a parameter")
	}
	var b strings.Builder
	for i := 1; i < len(s.rest); i++ {
		switch c := s.rest[i]; c {
		case '"':
			s.rest = strings.TrimLeft(s.rest[i+1:], " \t")
			if v := b.String(); isToken(v) {
				return v, nil
			}
			return "", errors.New("a value in quotes is not a token")
		case '\\':
			if i++; i < len(s.rest) {
				b.WriteByte(s.rest[i])
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", errors.New("quotes are not closed")
}
