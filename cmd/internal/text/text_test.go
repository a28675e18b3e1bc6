package text

import "testing"

func TestEscape(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"plain", "Привет, мир 👩‍👩‍👧", "Привет, мир 👩‍👩‍👧"},
		{"tab", "a\tb", "a\tb"},
		{"escape_sequence", "\x1b[31mred\x1b]52;c;x\a", `\x1b[31mred\x1b]52;c;x\x07`},
		{"lines", "a\r\nb", `a\r\nb`},
		{"backspace_and_NUL", "a\b\x00", `a\x08\x00`},
		{"C1", "a\u009bb\u0085", `a\u009bb\u0085`},
		{"direction", "a\u202eb\u2066c\u200f", `a\u202eb\u2066c\u200f`},
		{"line_separators", "a\u2028b\u2029", `a\u2028b\u2029`},
		{"not_UTF-8", "a\xffb\xc3", `a\xffb\xc3`},
		{"replacement_character", "a\uFFFDb\x01", "a\uFFFDb" + `\x01`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := Escape(tt.in); got != tt.want {
				t.Errorf("Escape(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}
