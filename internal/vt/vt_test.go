package vt

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestScreen(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, want string }{
		{"lines", "a\r\nb\r\n\r\nc", "a\nb\n\nc|"},
		{"wraps", "0123456789ab", "0123456789\nab|"},
		{"waits_after_the_last_column", "0123456789", "0123456789|"},
		{"scrolls", "1\r\n2\r\n3\r\n4\r\n5\r\n6", "2\n3\n4\n5\n6|"},
		{"prompt_comes_again", "> half\r\x1b[J< new\r\n> half", "< new\n> half|"},
		{"up_and_right", "abc\r\ndef\x1b[A\r\x1b[2Cx", "abx|\ndef"},
		{"clear", "abc\r\ndef\x1b[H\x1b[2Jx", "x|"},
		{"clear_below", "abc\r\ndef\x1b[H\x1b[C\x1b[J", "a|"},
		{"wide", "я😀x", "я😀x|"},
		{"wide_at_the_edge", "012345678😀", "012345678\n😀|"},
		{"combining", "e\u0301x\r\x1b[C!", "e\u0301!|"},
		{"joined_emoji", "👩\u200d👩\u200d👧x\r\x1b[2C!", "👩\u200d👩\u200d👧!|"},
		{"skin_tone", "👍🏽x\r\x1b[2C!", "👍🏽!|"},
		{"emoji_selector", "❤\ufe0fx\r\x1b[2C!", "❤\ufe0f!|"},
		{"tab", "a\tb", "a       b|"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			whole, pieces := New(10, 5), New(10, 5)
			whole.Write([]byte(tt.in))
			for i := range len(tt.in) {
				pieces.Write([]byte{tt.in[i]})
			}
			for _, s := range []*Terminal{whole, pieces} {
				if d := cmp.Diff(tt.want, s.Screen()); d != "" || s.Strange() != nil {
					t.Error(d, s.Strange())
				}
			}
		})
	}
}

func TestStyle(t *testing.T) {
	t.Parallel()
	s := New(10, 5)
	s.Write([]byte("a\x1b[1mb\x1b[31mc\x1b[md\x1b[0me"))
	want := [][]Cell{{{"a", ""}, {"b", "1"}, {"c", "1;31"}, {"d", ""}, {"e", ""}}}
	if d := cmp.Diff(want, s.Rows()); d != "" {
		t.Error(d)
	}
}

func TestStrange(t *testing.T) {
	t.Parallel()
	s := New(10, 5)
	s.Write([]byte("\x07a\x1b]0;t\x1b[99z\xff\u009b\x1b[?2004h"))
	if d := cmp.Diff([]string{`"\a"`, `"\x1b]"`, `"\x1b[99z"`, `"\xff"`, `"\u009b"`}, s.Strange()); d != "" {
		t.Error(d)
	}
	if !s.Mode("?2004") || s.Mode("?25") {
		t.Error("wrong modes")
	}
}
