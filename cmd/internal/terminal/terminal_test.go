package terminal

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket/internal/vt"
)

// open returns a terminal with a screen to look at, that in is typed on.
func open(in string, width, height int, history ...string) (*Terminal, *vt.Terminal) {
	screen := vt.New(width, height)
	t := &Terminal{in: strings.NewReader(in), out: screen, prompt: "> ", width: width, height: height, history: &History{lines: history}}
	t.place = len(history)
	return t, screen
}

const (
	up, down, right, left          = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"
	home, end, del                 = "\x1b[H", "\x1b[F", "\x1b[3~"
	wordLeft, wordRight            = "\x1b[1;5D", "\x1b[1;5C"
	a, b, d, e, f, g, h, k         = "\x01", "\x02", "\x04", "\x05", "\x06", "\x07", "\x08", "\x0b"
	n, p, r, tr, u, w, y, back     = "\x0e", "\x10", "\x12", "\x14", "\x15", "\x17", "\x19", "\x7f"
	altB, altF, altD, altBackspace = "\x1bb", "\x1bf", "\x1bd", "\x1b\x7f"
	paste, pasted                  = "\x1b[200~", "\x1b[201~"
)

func TestEdit(t *testing.T) {
	t.Parallel()
	family := "👩\u200d👩\u200d👧"
	for _, tt := range []struct{ name, keys, want string }{
		{"nothing", "", "> |"},
		{"text", "hello", "> hello|"},
		{"begin_and_end", "ello" + a + "h" + e + "!", "> hello!|"},
		{"home_and_end", "ello" + home + "h" + end + "!", "> hello!|"},
		{"rxvt_home_and_end", "b\x1b[7~a\x1b[8~c", "> abc|"},
		{"VT_home_and_end", "b\x1bOHa\x1bOFc", "> abc|"},
		{"characters", "held" + b + b + left + f + right + "l", "> hell|d"},
		{"too_far", "x" + left + left + b + "a" + right + right + f + "z", "> axz|"},
		{"delete", "abcd" + home + del + right + d, "> b|d"},
		{"backspace", "abcd" + back + h + "!", "> ab!|"},
		{"nothing_to_delete", back + del + h + w + k + u + altD + y + tr + "x", "> x|"},
		{"words", "one two-three" + altB + "_" + wordLeft + wordLeft + "+" + altF + "." + wordRight, "> one +two.-_three|"},
		{"kill_to_the_end", "hello world" + altB + k, "> hello |"},
		{"kill_to_the_beginning", "hello world" + altB + u, "> |world"},
		{"kill_word_by_spaces", "ls /usr/bin" + w, "> ls |"},
		{"kill_words", "one two three" + altBackspace + altBackspace, "> one |"},
		{"kill_words_forward", "one two three" + home + altD + altD, "> | three"},
		{"yank", "one two" + w + a + y, "> two|one"},
		{"yank_what_was_killed_together", "one two three" + w + w + a + y, "> two three|one"},
		{"yank_what_was_killed_forward", "one two" + a + altD + altD + "x" + y, "> xone two|"},
		{"yank_the_last", "one two" + w + left + w + e + y, ">  one|"},
		{"transpose", "ab" + tr + "cd" + left + tr, "> badc|"},
		{"transpose_wide", "日本" + left + tr, "> 本日|"},
		{"wide", "日本語" + left + back, "> 日|語"},
		{"combining", "e\u0301a\u0308" + left + back, "> |a\u0308"},
		{"joined_emoji", "a" + family + "b" + left + back, "> a|b"},
		{"joined_emoji_right", "a" + family + "b" + home + right + del, "> a|b"},
		{"skin_tone", "👍🏽" + back, "> |"},
		{"flags", "🇩🇪🇫🇷" + left + "x", "> 🇩🇪x|🇫🇷"},
		{"control_characters", paste + "a\tb\x1b[2J\u202e" + pasted, `> a\tb\x1b[2J\u202e|`},
		{"another_line", "a\x1b\rb" + left + left, `> a|\nb`},
		{"unknown_keys", "\x1b[[A\x1b[15~\x1bOPa\x1b[99;99xb\x1b[I\x1b\x1bqc\xffd\x1b[\x1be", "> abcd|"},
		{"endless_sequence", "\x1b[" + strings.Repeat("1", 40) + "x", "> 1111111111x|"},
		{"clear_the_screen", "abc\x0c", "> abc|"},
		{"history", up, "> three|"},
		{"history_up", up + p + up + up + up, "> one|"},
		{"history_down", "dra" + up + up + down + n + "ft", "> draft|"},
		{"history_edited", up + up + "s" + down + up, "> two|"},
		{"search", r + "o", "(search o) two|"},
		{"search_again", r + "o" + r, "(search o) one|"},
		{"search_the_first", r + "o" + r + r + r, "(search o) one|"},
		{"search_found_nothing", r + "thr" + "z", "(search thrz) three|"},
		{"search_shorter", r + "on" + back + back + "w", "(search w) two|"},
		{"search_and_edit", r + "ne" + a + "x", "> x|one"},
		{"search_and_up", r + "th" + up, "> two|"},
		{"search_given_up", "abc" + r + "o" + g, "> abc|"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			term, screen := open(tt.keys, 60, 10, "one", "two", "three")
			if line, err := term.ReadLine(); err != io.EOF {
				t.Errorf("read %q, %v", line, err)
			}
			if diff := cmp.Diff(tt.want, screen.Screen()); diff != "" {
				t.Error(diff)
			}
			if s := screen.Strange(); s != nil {
				t.Error("written to the screen:", s)
			}
		})
	}
}

func TestReadLine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, keys string
		want       []string
	}{
		{"lines", "a\rb\n\r", []string{"a", "b", ""}},
		{"end", "a\r" + d + "b\r", []string{"a"}},
		{"end_only_of_an_empty_line", "a" + d + "\r" + d, []string{"a"}},
		{"pasted_lines", paste + "a\nb\rc\r\n\td\x04" + pasted + "e\r", []string{"a", "b", "c", "\td\x04e"}},
		{"pasted_end_of_line_last", paste + "a\r" + pasted + "\r", []string{"a", ""}},
		{"several_lines_in_one", "a\x1b\rb\x1b\nc\r", []string{"a\nb\nc"}},
		{"several_lines_again", "a\x1b\rb\r" + up + "\r", []string{"a\nb", "a\nb"}},
		{"history_is_sent", "a\r" + up + "\r", []string{"a", "a"}},
		{"search_is_sent", "abc\rx\r" + r + "b\r", []string{"abc", "x", "abc"}},
		{"split_UTF-8", "é日\r", []string{"é日"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, in := range []io.Reader{strings.NewReader(tt.keys), &slowly{strings.NewReader(tt.keys)}} {
				term, _ := open("", 80, 24)
				term.in = in
				var got []string
				for {
					line, err := term.ReadLine()
					if err != nil {
						break
					}
					got = append(got, line)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

// slowly reads one byte at a time.
type slowly struct{ r io.Reader }

func (s *slowly) Read(p []byte) (int, error) { return s.r.Read(p[:min(1, len(p))]) }

func TestLongLine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, keys    string
		width, height int
		want          string
	}{
		{"full_row", "12345678", 10, 5, "> 12345678\n|"},
		{"almost_full_row", "1234567", 10, 5, "> 1234567|"},
		{"two_rows", "123456789", 10, 5, "> 12345678\n9|"},
		{"cursor_in_the_first", "123456789" + left + left, 10, 5, "> 1234567|8\n9"},
		{"cursor_at_the_break", "123456789" + left, 10, 5, "> 12345678\n|9"},
		{"wide_at_the_break", "1234567日本", 10, 5, "> 1234567\n日本|"},
		{"cursor_on_the_wide", "1234567日本" + left + left, 10, 5, "> 1234567\n|日本"},
		{"combining_at_the_break", "1234567e\u03018", 10, 5, "> 1234567e\u0301\n8|"},
		{"joined_emoji_fill_the_row", "123456👩\u200d👩\u200d👧x" + left, 10, 5, "> 123456👩\u200d👩\u200d👧\n|x"},
		{"joined_emoji_at_the_break", "1234567👩\u200d👩\u200d👧" + left, 10, 5, "> 1234567\n|👩\u200d👩\u200d👧"},
		{"cursor_behind_joined_emoji", "👩\u200d👩\u200d👧❤\ufe0f👍🏽ab" + left, 20, 5, "> 👩\u200d👩\u200d👧❤\ufe0f👍🏽a|b"},
		{"shorter_again", "123456789" + u + "x", 10, 5, "> x|"},
		{"longer_than_the_screen", strings.Repeat("1234567890", 4), 10, 4, "9012345678\n9012345678\n90|"},
		{"beginning_of_it", strings.Repeat("1234567890", 4) + home, 10, 4, "> |12345678\n9012345678\n9012345678"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, in := range []io.Reader{strings.NewReader(tt.keys), &slowly{strings.NewReader(tt.keys)}} {
				term, screen := open("", tt.width, tt.height)
				term.in = in
				term.ReadLine()
				if diff := cmp.Diff(tt.want, screen.Screen()); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func TestPrint(t *testing.T) {
	t.Parallel()
	term, screen := open("12345678901234"+left, 10, 6)
	term.Print("first")
	term.ReadLine()
	term.Print("second")
	if diff := cmp.Diff("first\nsecond\n> 12345678\n90123|4", screen.Screen()); diff != "" {
		t.Error(diff)
	}
	term.Print("a line that is longer than the screen is wide")
	if diff := cmp.Diff("t is longe\nr than the\n screen is\n wide\n> 12345678\n90123|4", screen.Screen()); diff != "" {
		t.Error(diff)
	}
	term.Close()
	term.Close()
	if diff := cmp.Diff("t is longe\nr than the\n screen is\n wide\n|", screen.Screen()); diff != "" {
		t.Error(diff)
	}
}

func TestResize(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, keys string
		width      int
		want       string
	}{
		{"wider", "123456789012345678901", 40, "before\n> 123456789012345678901|"},
		{"narrower", "12345678901234567", 10, "before\n> 12345678\n901234567|"},
		{"narrower_cursor_in_the_first_row", "12345678901234567" + home, 10, "before\n> |12345678\n901234567"},
		{"narrower_several_rows", "123456789012345678901234", 12, "before\n> 1234567890\n123456789012\n34|"},
		{"much_narrower", "12345678", 5, "befor\ne\n> 123\n45678\n|"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			term, screen := open(tt.keys, 20, 10)
			term.Print("before")
			term.ReadLine()
			screen.Resize(tt.width, 10)
			term.width = tt.width
			term.again()
			if diff := cmp.Diff(tt.want, screen.Screen()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestHistory(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "state", "history")
	one, err := OpenHistory(file)
	if err != nil {
		t.Fatal(err)
	}
	two, _ := OpenHistory(file)
	for _, line := range []string{"a", "a", "", " secret", "Привет", strings.Repeat("long", 2000)} {
		one.Add(line)
	}
	two.Add("b")
	three, err := OpenHistory(file)
	if diff := cmp.Diff([]string{"a", "Привет", "b"}, three.lines); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if diff := cmp.Diff([]string{"b"}, two.lines); diff != "" {
		t.Error(diff)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		t.Error(info.Mode(), err)
	}
	line := strings.Repeat("x", 1000)
	for i := range 600 {
		three.Add(line + string(rune('a'+i%26)))
	}
	four, err := OpenHistory(file)
	info, _ = os.Stat(file)
	if err != nil || len(four.lines) < 500 || len(four.lines) > maxHistory || info.Size() > maxHistoryBytes || info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		t.Errorf("%d lines, %d bytes, %v, %v", len(four.lines), info.Size(), info.Mode(), err)
	}
	if h, err := OpenHistory(t.TempDir()); err == nil {
		t.Error("no error for a directory")
	} else {
		h.Add("a") // no panic
	}
	if _, err := OpenHistory(filepath.Join(file, "x")); err == nil || errors.Is(err, os.ErrNotExist) {
		t.Error("no error for a file below a file:", err)
	}
}

func TestWidth(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"a": 1, "é": 1, "Ж": 1, "日": 2, "한": 2, "ｱ": 1, "Ａ": 2, "😀": 2, "\u0301": 0, "\u200d": 0, "\ufe0f": 0, "─": 1, "\U00020000": 2, "\U0010FFFF": 1} {
		if got := Width([]rune(text)[0]); got != want {
			t.Errorf("Width(%q) = %d, want %d", text, got, want)
		}
	}
	for i := 1; i < len(wideRanges); i++ {
		if wideRanges[i][0] <= wideRanges[i-1][1] || wideRanges[i][0] > wideRanges[i][1] {
			t.Errorf("%x is not in order", wideRanges[i])
		}
	}
}

func TestClusterWidth(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"a": 1, "e\u0301": 1, "👩\u200d👩\u200d👧": 2, "👩\u200d❤\ufe0f\u200d👨": 2, "👍🏽": 2, "🇩🇪": 2, "❤": 1, "❤\ufe0f": 2, "🏳\ufe0f\u200d🌈": 2,
		"🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f": 2, "नि": 2, "각": 2, "a\u200db": 2, "\U0001FAEF": 2,
	} {
		cluster := []rune(text)
		if got := clusterWidth(cluster); got != want || next(cluster, 0) != len(cluster) {
			t.Errorf("%q: width %d, want %d; ends at %d of %d", text, got, want, next(cluster, 0), len(cluster))
		}
	}
}

// TestForeignWidths: the cursor is in its place also on a terminal that doesn't
// join emoji.
func TestForeignWidths(t *testing.T) {
	t.Parallel()
	var written strings.Builder
	term := &Terminal{in: strings.NewReader("👩\u200d👧ab" + left), out: &written, prompt: "> ", width: 40, height: 5, history: &History{}}
	term.ReadLine()
	if !strings.HasSuffix(written.String(), "> 👩\u200d👧ab\r> 👩\u200d👧a") {
		t.Errorf("%q", written.String())
	}
}

func FuzzKeys(f *testing.F) {
	f.Add("hello\x1b[A\x1b[200~x\x1b[201~\r", byte(10))
	f.Fuzz(func(t *testing.T, keys string, width byte) {
		term, _ := open(keys, max(4, int(width)), 4, "one", "two")
		for {
			if _, err := term.ReadLine(); err != nil {
				return
			}
		}
	})
}
