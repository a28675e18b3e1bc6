package terminal

import (
	"fmt"
	"strings"

	"hawser/websocket/cmd/internal/text"
)

// A picture is the line being typed as it stands on the screen, in one row or
// several.
type picture struct {
	widths   []int // of the rows, in columns
	row, col int   // of the cursor
}

// erase returns what takes the picture off a screen of the given width, with the
// cursor where the picture began. If the screen has become narrower since it was
// drawn, the rows that were too long have been broken by the terminal.
func (p *picture) erase(width int) string {
	up := p.col / width
	for _, w := range p.widths[:min(p.row, len(p.widths))] {
		up += max(1, (w+width-1)/width)
	}
	*p = picture{}
	if up > 0 {
		return fmt.Sprintf("\x1b[%dA\r\x1b[J", up)
	}
	return "\r\x1b[J"
}

// draw returns what draws prompt and line on an empty row and below, with the
// cursor at pos. Of a line that's too long for the screen it draws the rows
// around the cursor.
func (p *picture) draw(prompt string, line []rune, pos, width, height int) string {
	var rows []string
	var row strings.Builder
	var widths []int
	col := 0
	put := func(s string, w int) {
		if col+w > width {
			rows, widths = append(rows, row.String()), append(widths, col)
			row.Reset()
			col = 0
		}
		row.WriteString(s)
		col += w
	}
	for _, r := range prompt {
		put(string(r), Width(r))
	}
	cursorRow, cursorCol, before := 0, 0, "" // what is before the cursor in its row
	for i := 0; i < len(line); {
		end := next(line, i)
		s, w := shown(line[i:end])
		put(s, min(w, width))
		if i <= pos && pos < end {
			cursorRow, cursorCol = len(rows), col-min(w, width)
			before = strings.TrimSuffix(row.String(), s)
		}
		i = end
	}
	if pos >= len(line) {
		put("", 1) // room for the cursor
		col--
		cursorRow, cursorCol, before = len(rows), col, row.String()
	}
	rows, widths = append(rows, row.String()), append(widths, col)

	most := max(1, height-1)
	first := max(0, min(cursorRow-most/2, len(rows)-most))
	last := min(len(rows), first+most)
	p.widths, p.row, p.col = widths[first:last], cursorRow-first, cursorCol

	out := strings.Join(rows[first:last], "\r\n")
	if pos >= len(line) {
		return out // the cursor is there
	}
	if up := last - 1 - cursorRow; up > 0 {
		out += fmt.Sprintf("\x1b[%dA", up)
	}
	// What is before the cursor is drawn again, which brings it to its place also
	// on a terminal that sees other widths than we do.
	return out + "\r" + before
}

// shown is how a character of the line looks, and its width. The ones that would do
// something to the terminal look like escapes.
func shown(cluster []rune) (string, int) {
	s := strings.ReplaceAll(text.Escape(string(cluster)), "\t", `\t`)
	if s == string(cluster) {
		return s, clusterWidth(cluster)
	}
	w := 0
	for _, r := range s {
		w += Width(r)
	}
	return s, w
}
