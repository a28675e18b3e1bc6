package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket/internal/vt"
)

func TestSVG(t *testing.T) {
	t.Parallel()
	s := vt.New(20, 5)
	s.Write([]byte("a <b  \x1b[1;32mgreen\x1b[22m \x1b[38;5;196mred\x1b[39m\r\n\x1b[7m!\x1b[m мир 😀"))
	var got []string
	for line := range strings.Lines(string(svg(s.Rows(), 20))) {
		if strings.HasPrefix(line, "<text") || strings.HasPrefix(line, `<rect x=`) {
			got = append(got, strings.TrimSpace(line))
		}
	}
	const length = ` lengthAdjust="spacing"`
	want := []string{
		`<text x="16.0" y="42" textLength="33.6"` + length + ` fill="#eceff4">a &lt;b</text>`,
		`<text x="66.4" y="42" textLength="42.0"` + length + ` fill="#7ad48c" font-weight="bold">green</text>`,
		`<text x="116.8" y="42" textLength="25.2"` + length + ` fill="#ff0000">red</text>`,
		`<rect x="16.0" y="48" width="8.4" height="20" fill="#eceff4"/>`,
		`<text x="16.0" y="62" textLength="8.4"` + length + ` fill="#14171a">!</text>`,
		`<text x="32.8" y="62" textLength="25.2"` + length + ` fill="#eceff4">мир</text>`,
		`<text x="66.4" y="62" textLength="16.8"` + length + ` fill="#eceff4">😀</text>`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
