package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A screen is as much of a terminal as a line editor needs.
type screen struct {
	answer io.Writer // gets what the program asked for
	cells  [][]cell
	x, y   int
	saved  [2]int
	style  style
	rest   []byte // the beginning of what is still to come
}

// cell is a column of a row. A wide character has an empty text in the cell after
// it, an empty cell has a space.
type cell struct {
	text string
	style
}

var blank = cell{text: " "}

func newScreen(columns, rows int) *screen {
	s := &screen{answer: io.Discard, cells: make([][]cell, rows)}
	for y := range s.cells {
		s.cells[y] = empty(columns)
	}
	return s
}

func empty(columns int) []cell {
	row := make([]cell, columns)
	for x := range row {
		row[x] = blank
	}
	return row
}

// String returns the text on the screen, without the empty end.
func (s *screen) String() string {
	var b strings.Builder
	for _, row := range s.cells {
		var line strings.Builder
		for _, c := range row {
			line.WriteString(c.text)
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

// Write shows what a program printed.
func (s *screen) Write(p []byte) (int, error) {
	b := append(s.rest, p...)
	for len(b) > 0 {
		n := s.one(b)
		if n == 0 {
			break
		}
		b = b[n:]
	}
	s.rest = append([]byte(nil), b...)
	return len(p), nil
}

// one shows the first thing in b and returns its length, 0 if b lacks its end.
func (s *screen) one(b []byte) int {
	switch b[0] {
	case 0x1b:
		return s.escape(b)
	case '\r':
		s.x = 0
	case '\n':
		s.down()
	case '\b':
		s.x = max(0, min(s.x, s.columns())-1)
	case '\t':
		s.x = min(s.x/8*8+8, s.columns()-1)
	default:
		if b[0] < ' ' || b[0] == 0x7f {
			return 1
		}
		if !utf8.FullRune(b) {
			return 0
		}
		r, n := utf8.DecodeRune(b)
		s.put(r)
		return n
	}
	return 1
}

func (s *screen) columns() int { return len(s.cells[0]) }

func (s *screen) down() {
	if s.y++; s.y == len(s.cells) {
		s.y--
		s.cells = append(s.cells[1:], empty(s.columns()))
	}
}

func (s *screen) put(r rune) {
	w := width(r)
	if w == 0 { // joins what is before
		if x := s.x - 1; x >= 0 {
			for x > 0 && s.cells[s.y][x].text == "" {
				x--
			}
			s.cells[s.y][x].text += string(r)
		}
		return
	}
	if s.x+w > s.columns() {
		s.x = 0
		s.down()
	}
	s.cells[s.y][s.x] = cell{string(r), s.style}
	if w == 2 {
		s.cells[s.y][s.x+1] = cell{"", s.style}
	}
	s.x += w
}

// width is the number of columns of a character, near enough for what is drawn
// here.
func width(r rune) int {
	switch {
	case r == 0x200d, r >= 0x300 && r <= 0x36f, r >= 0xfe00 && r <= 0xfe0f:
		return 0
	case r >= 0x1100 && r <= 0x115f, r >= 0x2e80 && r <= 0xa4cf, r >= 0xac00 && r <= 0xd7a3, r >= 0xf900 && r <= 0xfaff,
		r >= 0xff00 && r <= 0xff60, r >= 0x1f300 && r <= 0x1faff, r >= 0x20000 && r <= 0x3fffd:
		return 2
	}
	return 1
}

// escape carries out the escape sequence at the beginning of b.
func (s *screen) escape(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '[':
		for i := 2; i < len(b); i++ {
			if b[i] >= 0x40 && b[i] <= 0x7e {
				s.control(string(b[2:i]), b[i])
				return i + 1
			}
		}
		return 0
	case ']': // titles and such, to BEL or ESC \
		for i := 2; i < len(b); i++ {
			if b[i] == 7 || b[i] == '\\' && b[i-1] == 0x1b {
				return i + 1
			}
		}
		return 0
	case '(', ')':
		if len(b) < 3 {
			return 0
		}
		return 3 // character sets
	case '7':
		s.saved = [2]int{s.x, s.y}
	case '8':
		s.x, s.y = s.saved[0], s.saved[1]
	case 'M':
		s.y = max(0, s.y-1)
	}
	return 2
}

// control carries out ESC [ params final.
func (s *screen) control(params string, final byte) {
	if strings.ContainsAny(params, "?><=") {
		return // modes, such as that of the cursor
	}
	var args []int
	for p := range strings.SplitSeq(params, ";") {
		n, _ := strconv.Atoi(p)
		args = append(args, n)
	}
	n := max(1, args[0])
	row := s.cells[s.y]
	x := min(s.x, len(row)-1)
	switch final {
	case 'A':
		s.y = max(0, s.y-n)
	case 'B':
		s.y = min(len(s.cells)-1, s.y+n)
	case 'C':
		s.x = min(len(row)-1, s.x+n)
	case 'D':
		s.x = max(0, x-n)
	case 'E':
		s.x, s.y = 0, min(len(s.cells)-1, s.y+n)
	case 'F':
		s.x, s.y = 0, max(0, s.y-n)
	case 'G':
		s.x = min(len(row), n) - 1
	case 'H', 'f':
		s.y, s.x = min(len(s.cells), n)-1, 0
		if len(args) > 1 {
			s.x = min(len(row), max(1, args[1])) - 1
		}
	case 'J':
		switch args[0] {
		case 0:
			s.erase(s.y, x, len(row))
			for y := s.y + 1; y < len(s.cells); y++ {
				s.erase(y, 0, len(row))
			}
		case 2, 3:
			for y := range s.cells {
				s.erase(y, 0, len(row))
			}
		}
	case 'K':
		switch args[0] {
		case 0:
			s.erase(s.y, x, len(row))
		case 1:
			s.erase(s.y, 0, x+1)
		case 2:
			s.erase(s.y, 0, len(row))
		}
	case 'X':
		s.erase(s.y, x, min(len(row), x+n))
	case 'P':
		n = min(n, len(row)-x)
		copy(row[x:], row[x+n:])
		s.erase(s.y, len(row)-n, len(row))
	case '@':
		n = min(n, len(row)-x)
		copy(row[x+n:], row[x:])
		s.erase(s.y, x, x+n)
	case 'L':
		for range n {
			copy(s.cells[s.y+1:], s.cells[s.y:])
			s.cells[s.y] = empty(len(row))
		}
	case 'M':
		for range n {
			copy(s.cells[s.y:], s.cells[s.y+1:])
			s.cells[len(s.cells)-1] = empty(len(row))
		}
	case 'm':
		s.style.set(args)
	case 's':
		s.saved = [2]int{s.x, s.y}
	case 'u':
		s.x, s.y = s.saved[0], s.saved[1]
	case 'n':
		if args[0] == 6 {
			fmt.Fprintf(s.answer, "\x1b[%d;%dR", s.y+1, x+1)
		}
	}
}

func (s *screen) erase(y, from, to int) {
	for x := from; x < to; x++ {
		s.cells[y][x] = blank
	}
}
