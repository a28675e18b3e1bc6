package main

import (
	"bytes"
	"encoding/json"
)

// indented returns p with the indentation of JSON. It returns false if p isn't
// JSON, or would become longer than max bytes: where values are nested deeply,
// each one of them has a long line of its own.
func indented(p []byte, max int) ([]byte, bool) {
	p = bytes.TrimSpace(p)
	if !json.Valid(p) || indentedSize(p) > max {
		return nil, false
	}
	var b bytes.Buffer
	if json.Indent(&b, p, "", "  ") != nil {
		return nil, false
	}
	return b.Bytes(), true
}

// indentedSize returns about how many bytes JSON has when it's indented by two
// spaces for each level; never fewer.
func indentedSize(p []byte) int {
	size, depth, quoted := len(p), 0, false
	for i := 0; i < len(p); i++ {
		switch c := p[i]; {
		case quoted && c == '\\':
			i++ // what is escaped ends no string
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			size += 1 + 2*depth
		case c == '}' || c == ']':
			depth--
			size += 1 + 2*depth
		case c == ',':
			size += 1 + 2*depth
		case c == ':':
			size++
		}
	}
	return size
}
