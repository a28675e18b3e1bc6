// Package vt is a terminal for tests and pictures: it has a screen to look at. It
// does what today's terminals do as far as our programs use it, and takes note of
// what they shouldn't.
package vt

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Terminal is a terminal. It breaks long lines, and joins and breaks them anew
// when it's resized, as most of today's do.
type Terminal struct {
	mu            sync.Mutex
	width, height int
	rows          []row // those that have scrolled away first
	top           int   // the first row of the screen
	row, col      int   // of the cursor; col may be width, after the last column
	unread        []byte
	style         string
	modes         map[string]bool
	strange       []string
}

// A Cell is a column of a row. A wide character leaves the second one of its cells
// without text.
type Cell struct {
	Text  string
	Style string // the arguments of all ESC [ ... m since the last that reset it
}

type row struct {
	cells  []Cell
	joined bool // the next row goes on with the same line
}

// New returns a terminal with an empty screen.
func New(width, height int) *Terminal {
	return &Terminal{width: width, height: height, rows: make([]row, 1), modes: make(map[string]bool)}
}

// Screen returns the rows of the screen, without spaces at their ends, with | where
// the cursor is.
func (t *Terminal) Screen() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b strings.Builder
	for i := t.top; i < len(t.rows); i++ {
		var line strings.Builder
		for col := 0; col < len(t.rows[i].cells) || i == t.row && col <= t.col; col++ {
			if i == t.row && col == t.col {
				line.WriteByte('|')
			}
			if col < len(t.rows[i].cells) {
				line.WriteString(t.rows[i].cells[col].Text)
			} else if i == t.row && col < t.col {
				line.WriteByte(' ')
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " "))
		b.WriteByte('\n')
	}
	return strings.TrimRight(b.String(), "\n")
}

// Rows returns a copy of the rows of the screen. They may be shorter than it is wide.
func (t *Terminal) Rows() [][]Cell {
	t.mu.Lock()
	defer t.mu.Unlock()
	var rows [][]Cell
	for _, r := range t.rows[t.top:] {
		rows = append(rows, slices.Clone(r.cells))
	}
	return rows
}

// Mode reports whether a private mode, such as "?2004", is on.
func (t *Terminal) Mode(name string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.modes[name]
}

// Strange returns what the terminal was sent and doesn't know.
func (t *Terminal) Strange() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.strange
}

// Write shows p.
func (t *Terminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.unread = append(t.unread, p...)
	for len(t.unread) > 0 {
		n := t.one(t.unread)
		if n == 0 {
			break
		}
		t.unread = t.unread[n:]
	}
	return len(p), nil
}

// one shows the first character or sequence of b and returns its length, 0 if
// it's incomplete.
func (t *Terminal) one(b []byte) int {
	switch b[0] {
	case '\r':
		t.col = 0
		return 1
	case '\n':
		t.down()
		return 1
	case '\t':
		t.col = min(t.width-1, t.col/8*8+8)
		return 1
	case 0x1B:
		return t.sequence(b)
	}
	if !utf8.FullRune(b) {
		return 0
	}
	r, n := utf8.DecodeRune(b)
	if b[0] < 0x20 || b[0] == 0x7F || r == utf8.RuneError && n == 1 || unicode.IsControl(r) {
		t.strange = append(t.strange, fmt.Sprintf("%q", b[:n]))
		return n
	}
	t.put(r)
	return n
}

func (t *Terminal) down() {
	if t.row++; t.row == len(t.rows) {
		t.rows = append(t.rows, row{})
	}
	t.top = max(t.top, t.row-t.height+1)
}

func columns(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case r >= 0x1F300, unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana):
		return 2
	}
	return 1
}

func (t *Terminal) put(r rune) {
	w := columns(r)
	if before := t.before(); before != nil && (w == 0 || w == 2 && joins(before.Text, r)) {
		before.Text += string(r)
		if r == emojiSelector && t.col < t.width && t.rows[t.row].cells[t.col-1].Text != "" {
			t.set("", before.Style)
		}
		return
	}
	if t.col+w > t.width {
		t.rows[t.row].joined = true
		t.col = 0
		t.down()
	}
	t.set(string(r), t.style)
	for range w - 1 {
		t.set("", t.style)
	}
}

// set gives the cell at the cursor a content and moves the cursor on.
func (t *Terminal) set(text, style string) {
	cells := &t.rows[t.row].cells
	for len(*cells) <= t.col {
		*cells = append(*cells, Cell{Text: " "})
	}
	(*cells)[t.col] = Cell{text, style}
	t.col++
}

// before returns the character before the cursor, nil if there is none.
func (t *Terminal) before() *Cell {
	cells := t.rows[t.row].cells
	if t.col == 0 || t.col > len(cells) {
		return nil
	}
	at := t.col - 1
	if at > 0 && cells[at].Text == "" {
		at--
	}
	return &cells[at]
}

const (
	joiner        = "\u200d"
	emojiSelector = '\ufe0f'
)

// joins reports whether a wide r becomes one emoji with what is before it.
func joins(before string, r rune) bool {
	return strings.HasSuffix(before, joiner) || before != " " && r >= 0x1F3FB && r <= 0x1F3FF
}

func (t *Terminal) sequence(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	if b[1] != '[' {
		t.strange = append(t.strange, fmt.Sprintf("%q", b[:2]))
		return 2
	}
	end := 2
	for end < len(b) && (b[end] < 0x40 || b[end] > 0x7E) {
		end++
	}
	if end == len(b) {
		return 0
	}
	args := string(b[2:end])
	n, err := strconv.Atoi(args)
	if err != nil {
		n = 1
	}
	t.col = min(t.col, t.width-1)
	switch final := b[end]; {
	case final == 'A':
		t.row = max(t.top, t.row-n)
	case final == 'C':
		t.col = min(t.width-1, t.col+n)
	case final == 'H' && args == "":
		t.row, t.col = t.top, 0
	case final == 'J' && args == "":
		t.clearLine()
		t.rows = t.rows[:t.row+1]
	case final == 'J' && args == "2":
		clear(t.rows[t.top:])
	case final == 'm' && (args == "" || args == "0"):
		t.style = ""
	case final == 'm':
		t.style = strings.TrimPrefix(t.style+";"+args, ";")
	case final == 'h', final == 'l':
		t.modes[args] = final == 'h'
	default:
		t.strange = append(t.strange, fmt.Sprintf("%q", b[:end+1]))
	}
	return end + 1
}

func (t *Terminal) clearLine() {
	r := &t.rows[t.row]
	r.cells = r.cells[:min(t.col, len(r.cells))]
	r.joined = false
	if t.row > 0 && t.col == 0 {
		t.rows[t.row-1].joined = false
	}
}

// Resize gives the screen another size.
func (t *Terminal) Resize(width, height int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	old, row0, col0 := t.rows, t.row, t.col
	t.width, t.height = width, height
	t.rows, t.row, t.col, t.top = make([]row, 1), 0, 0, 0
	cursorRow, cursorCol := 0, 0
	for i, r := range old {
		for col := 0; col < len(r.cells) || i == row0 && col <= col0; col++ {
			w := 1
			if col+1 < len(r.cells) && r.cells[col+1].Text == "" {
				w = 2
			}
			if i == row0 && col == col0 && col >= len(r.cells) {
				cursorRow, cursorCol = t.row+t.col/width, t.col%width
				break
			}
			if t.col+w > width {
				t.rows[t.row].joined = true
				t.col = 0
				t.down()
			}
			if i == row0 && col == col0 {
				cursorRow, cursorCol = t.row, t.col
			}
			t.rows[t.row].cells = append(t.rows[t.row].cells, r.cells[col:col+w]...)
			t.col += w
			col += w - 1
		}
		if !r.joined && i < len(old)-1 {
			t.col = 0
			t.down()
		}
	}
	for cursorRow >= len(t.rows) {
		t.rows = append(t.rows, row{})
	}
	t.row, t.col = cursorRow, cursorCol
	t.top = max(0, len(t.rows)-height)
}
