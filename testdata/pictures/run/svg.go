package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"

	"hawser/websocket/internal/vt"
)

// style is how a character looks. The zero value is plain.
type style struct {
	color                    string // as SVG has it, empty for the default
	bold, dim, italic, under bool
	inverse                  bool
}

// palette has the 16 colours of a terminal.
var palette = [16]string{
	"#3b4252", "#f07178", "#7ad48c", "#e6c07b", "#7ab8ff", "#c792ea", "#6fd3d3", "#d5d9e0",
	"#8a929c", "#ff8b92", "#98e8a8", "#ffd995", "#9ccaff", "#ddb0ff", "#93ecec", "#ffffff",
}

// set carries out ESC [ args m.
func (t *style) set(args []int) {
	for i := 0; i < len(args); i++ {
		switch n := args[i]; {
		case n == 0:
			*t = style{}
		case n == 1:
			t.bold = true
		case n == 2:
			t.dim = true
		case n == 3:
			t.italic = true
		case n == 4:
			t.under = true
		case n == 7:
			t.inverse = true
		case n == 22:
			t.bold, t.dim = false, false
		case n == 23:
			t.italic = false
		case n == 24:
			t.under = false
		case n == 27:
			t.inverse = false
		case n >= 30 && n <= 37:
			t.color = palette[n-30]
		case n >= 90 && n <= 97:
			t.color = palette[n-90+8]
		case n == 39:
			t.color = ""
		case n == 38 && i+2 < len(args) && args[i+1] == 5:
			t.color = indexed(args[i+2])
			i += 2
		case n == 38 && i+4 < len(args) && args[i+1] == 2:
			t.color = fmt.Sprintf("#%02x%02x%02x", args[i+2]&255, args[i+3]&255, args[i+4]&255)
			i += 4
		}
	}
}

// styled is how a cell looks.
func styled(c vt.Cell) (t style) {
	var args []int
	for arg := range strings.SplitSeq(c.Style, ";") {
		n, _ := strconv.Atoi(arg)
		args = append(args, n)
	}
	t.set(args)
	return t
}

// indexed is the colour n of 256: the palette, a cube and greys.
func indexed(n int) string {
	n &= 255
	if n < 16 {
		return palette[n]
	}
	if n >= 232 {
		grey := 8 + 10*(n-232)
		return fmt.Sprintf("#%02x%02x%02x", grey, grey, grey)
	}
	level := func(v int) int {
		if v == 0 {
			return 0
		}
		return 55 + 40*v
	}
	n -= 16
	return fmt.Sprintf("#%02x%02x%02x", level(n/36), level(n/6%6), level(n%6))
}

func (t style) attributes() string {
	fill := t.color
	if fill == "" {
		fill = "#eceff4"
	}
	a := fmt.Sprintf(` fill="%s"`, fill)
	for _, attribute := range []struct {
		on   bool
		text string
	}{
		{t.bold, ` font-weight="bold"`}, {t.dim, ` opacity=".65"`}, {t.italic, ` font-style="italic"`},
		{t.under, ` text-decoration="underline"`},
	} {
		if attribute.on {
			a += attribute.text
		}
	}
	return a
}

// svg draws the rows of a screen, down to the last one that isn't empty.
func svg(rows [][]vt.Cell, columns int) []byte {
	const w, h, margin, title = 8.4, 20, 16, 28
	last := 0
	for y, row := range rows {
		for _, c := range row {
			if !empty(c) {
				last = y
			}
		}
	}
	width, height := 2*margin+int(w*float64(columns)+.5), title+(last+1)*h+margin
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %d" role="img" aria-label="A session of cmd/chat">`+"\n", width, height, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" rx="8" fill="#14171a"/>`+"\n", width, height)
	for i, color := range []string{"#f07178", "#e6c07b", "#7ad48c"} {
		fmt.Fprintf(&b, `<circle cx="%d" cy="15" r="5" fill="%s"/>`+"\n", margin+5+i*16, color)
	}
	fmt.Fprintln(&b, `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" style="white-space:pre">`)
	for y, row := range rows[:last+1] {
		for x := 0; x < len(row); {
			n, text := piece(row[x:])
			if text != "" {
				left, length := margin+w*float64(x), w*float64(n)
				look := styled(row[x])
				if look.inverse {
					fmt.Fprintf(&b, `<rect x="%.1f" y="%d" width="%.1f" height="%d"%s/>`+"\n", left, title+y*h, length, h, look.attributes())
					look.color = "#14171a"
				}
				// The length keeps columns where they are, whatever the font.
				fmt.Fprintf(&b, `<text x="%.1f" y="%d" textLength="%.1f" lengthAdjust="spacing"%s>`, left, title+y*h+14, length, look.attributes())
				xml.EscapeText(&b, []byte(text))
				fmt.Fprintln(&b, `</text>`)
			}
			x += n
		}
	}
	fmt.Fprintln(&b, "</g>\n</svg>")
	return b.Bytes()
}

// piece returns the text at the beginning of a row that looks the same, and its
// number of cells: a wide character, the empty cells, or what is up to those.
func piece(row []vt.Cell) (n int, text string) {
	wide := func(i int) bool { return i+1 < len(row) && row[i+1].Text == "" }
	if wide(0) {
		return 2, row[0].Text
	}
	for n < len(row) && empty(row[n]) {
		n++
	}
	if n > 0 {
		return n, ""
	}
	for n < len(row) && styled(row[n]) == styled(row[0]) && !wide(n) {
		// One space stays; one at the end would be lost, and squeeze the others.
		if empty(row[n]) && (n+1 == len(row) || empty(row[n+1]) || wide(n+1)) {
			break
		}
		text += row[n].Text
		n++
	}
	return n, text
}

// empty reports whether nothing is to be seen in a cell.
func empty(c vt.Cell) bool {
	look := styled(c)
	return c.Text == " " && !look.inverse && !look.under
}
