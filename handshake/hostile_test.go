package handshake_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"hawser/websocket/handshake"
)

func numbered(n int) []string {
	s := make([]string, n)
	for i := range s {
		s[i] = fmt.Sprint("p", i)
	}
	return s
}

// hostile returns values of headers, n bytes each, that make careless parsers slow.
func hostile(n int) map[string][]string {
	r := func(s string) string { return strings.Repeat(s, n/len(s)) }
	return map[string][]string{
		"spaces":           {r(" ")},
		"spaces_in_middle": {"a" + r(" ") + "b"},
		"tabs_and_spaces":  {r(" \t")},
		"commas":           {r(",")},
		"spaced_commas":    {r(" ,")},
		"elements":         {r("a,")},
		"offers":           {strings.Join(numbered(n/8), ",")},
		"long_token":       {r("a")},
		"parameters":       {"a" + r(";b")},
		"values":           {"a" + r("; b=c")},
		"equals":           {"a;b" + r("=")},
		"quoted":           {`a; b="` + r("c") + `"`},
		"unclosed":         {`a; b="` + r("c")},
		"unclosed_again":   {r(`a; b="`)},
		"backslashes":      {`a; b="` + r(`\`)},
		"escaped":          {`a; b="` + r(`\c`) + `"`},
		"NUL":              {r("\x00")},
		"high_bytes":       {r("\xff")},
		"lines":            strings.Split(r("a\n"), "\n"),
		"empty_lines":      strings.Split(r("\n"), "\n"),
		"origin_host":      {"http://" + r("a.")},
		"origin_dots":      {"http://" + r(".")},
		"origin_colons":    {"http://" + r(":")},
		"origin_brackets":  {"http://" + r("[")},
		"origin_schemes":   {r("http://")},
		"origin_port":      {"http://a:" + r("1")},
	}
}

var listHeaders = []string{"Upgrade", "Connection", "Origin", "Sec-Websocket-Key", "Sec-Websocket-Version", "Sec-Websocket-Protocol", "Sec-Websocket-Extensions"}

// It isn't parallel: it counts allocations.
func TestParseRequest_H8_H9_hostile_allocations(t *testing.T) {
	const most = 200
	for name, lines := range hostile(64 << 10) {
		for _, header := range listHeaders {
			r := readRequest(t, goodRequest)
			r.Header[header] = lines
			if got := testing.AllocsPerRun(1, func() { everything(r) }); got > most {
				t.Errorf("%s: %s: %v allocations, want at most %d", header, name, got, most)
			}
		}
	}
}

// The test ends. A parser that takes time in the square of 1 MiB would exceed the timeout of
// go test.
func TestParseRequest_H8_H9_hostile_ends(t *testing.T) {
	t.Parallel()
	for name, lines := range hostile(1 << 20) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, header := range listHeaders {
				r := readRequest(t, goodRequest)
				r.Header[header] = lines
				everything(r)
			}
		})
	}
}

// everything passes the headers of r to the functions of both sides.
func everything(r *http.Request) {
	handshake.ParseRequest(r)
	handshake.CheckOrigin(r, []string{"https://*.example.org", "https://example.org:8443", "null"})
	resp := &http.Response{StatusCode: 101, ProtoMajor: 1, ProtoMinor: 1, Header: r.Header}
	r.Header["Sec-Websocket-Accept"] = []string{accept}
	handshake.CheckResponse(resp, key, []string{"a"}, []handshake.Extension{{Name: "a"}})
}
