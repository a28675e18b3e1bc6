package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestScreen(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, want string }{
		{"lines", "a\r\nb\r\n\r\nc", "a\nb\n\nc"},
		{"wraps", "0123456789ab", "0123456789\nab"},
		{"scrolls", "1\r\n2\r\n3\r\n4\r\n5\r\n6", "2\n3\n4\n5\n6"},
		{"prompt_comes_again", "> half\r\x1b[K< new\r\n> half", "< new\n> half"},
		{"insert_line", "a\r\n> half\x1b7\r\x1b[L< new\r\n\x1b8", "a\n< new\n> half"},
		{"edit", "abcd\x1b[3D\x1b[Px\x1b[@", "ax d"},
		{"edit_backwards", "abc\b\b\x1b[K", "a"},
		{"move", "\x1b[2;3Hx\x1b[Ay\x1b[2Dz\x1b[5Gw", "  zyw\n  x"},
		{"clear", "abc\r\ndef\x1b[2J\x1b[Hx", "x"},
		{"clear_below", "abc\r\ndef\x1b[H\x1b[C\x1b[J", "a"},
		{"modes_and_titles", "\x1b[?2004h\x1b]0;title\aa\x1b]0;t\x1b\\b\x1b[?25l\x1b(Bc", "abc"},
		{"wide", "я😀x\x1b[3D!", "я!x"},
		{"joined", "e\u0301x", "e\u0301x"},
		{"tab", "a\tb", "a       b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			whole, pieces := newScreen(10, 5), newScreen(10, 5)
			whole.Write([]byte(tt.in))
			for i := range len(tt.in) {
				pieces.Write([]byte{tt.in[i]})
			}
			for _, s := range []*screen{whole, pieces} {
				if d := cmp.Diff(tt.want, s.String()); d != "" {
					t.Error(d)
				}
			}
		})
	}
}

func TestScreenAnswers(t *testing.T) {
	t.Parallel()
	s := newScreen(10, 5)
	var answer strings.Builder
	s.answer = &answer
	s.Write([]byte("ab\r\nc\x1b[6n"))
	if got := answer.String(); got != "\x1b[2;2R" {
		t.Errorf("%q", got)
	}
}

func TestSVG(t *testing.T) {
	t.Parallel()
	s := newScreen(20, 5)
	s.Write([]byte("a <b  \x1b[1;32mgreen\x1b[22m \x1b[38;5;196mred\x1b[39m\r\n\x1b[7m!\x1b[m мир 😀"))
	var got []string
	for line := range strings.Lines(string(s.svg())) {
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
