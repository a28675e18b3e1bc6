package main

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// svg is a picture under construction. Its colours follow the reader's scheme,
// light or dark, and its background is whatever it's laid on.
type svg struct {
	b             strings.Builder
	width, height float64
}

// hues are the colours of peers, for light and for dark backgrounds.
var hues = map[string][2]string{
	"raw":          {"#767676", "#9e9e9e"},
	"hawser":       {"#0b5fd0", "#6db3ff"},
	"hawser-below": {"#0b5fd0", "#6db3ff"},
	"hawser-serve": {"#0b5fd0", "#6db3ff"},
	"gorilla":      {"#b3261e", "#ff8a80"},
	"coder":        {"#7b3fb5", "#ce9bff"},
	"gobwas":       {"#2e7d32", "#81c995"},
	"gobwas-low":   {"#00796b", "#4fd1c1"},
	"gws":          {"#b25e00", "#ffb74d"},
	"gws-parallel": {"#8d6e00", "#e6c84f"},
	"nbio":         {"#c2185b", "#ff80b0"},
}

func (s *svg) text(x, y float64, class, anchor, text string) {
	fmt.Fprintf(&s.b, `<text x="%.1f" y="%.1f" class="%s" text-anchor="%s">%s</text>`+"\n", x, y, class, anchor, html.EscapeString(text))
}

func (s *svg) line(x1, y1, x2, y2 float64, class string) {
	fmt.Fprintf(&s.b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" class="%s"/>`+"\n", x1, y1, x2, y2, class)
}

func (s *svg) bar(x, y, w, h float64, peer string) {
	fmt.Fprintf(&s.b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="2" class="f-%s"/>`+"\n", x, y, math.Max(w, 1), h, peer)
}

// String is the whole picture; what says it in words is for those who can't see it.
func (s *svg) String(what string) string {
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img" aria-label="%s">`+"\n",
		s.width, s.height, s.width, s.height, html.EscapeString(what))
	out.WriteString("<style>\ntext { font: 12px system-ui, sans-serif; fill: #1f2328 }\n.title { font-weight: 600; font-size: 13px }\n.small { font-size: 11px; fill: #59636e }\n.grid { stroke: #1f2328; stroke-opacity: .15 }\npath { fill: none; stroke-width: 1.8 }\n")
	var dark strings.Builder
	dark.WriteString("@media (prefers-color-scheme: dark) {\ntext { fill: #e6edf3 } .small { fill: #9198a1 } .grid { stroke: #e6edf3; stroke-opacity: .2 }\n")
	for _, p := range peers {
		rule := ".f-%[1]s { fill: %[2]s } path.l-%[1]s { stroke: %[2]s } text.l-%[1]s { fill: %[2]s }\n"
		fmt.Fprintf(&out, rule, p.name, hues[p.name][0])
		fmt.Fprintf(&dark, rule, p.name, hues[p.name][1])
	}
	out.WriteString(dark.String() + "}\npath.l-hawser { stroke-width: 3 } path.l-raw { stroke-dasharray: 5 3 }\n.l-hawser, .b { font-weight: 600 }\n</style>\n")
	out.WriteString(s.b.String() + "</svg>\n")
	return out.String()
}

// axis maps values to a length on a logarithmic scale.
type axis struct{ from, to, length float64 }

func newAxis(from, to, length float64) axis { return axis{math.Log10(from), math.Log10(to), length} }

func (a axis) at(v float64) float64 {
	return (math.Log10(v) - a.from) / (a.to - a.from) * a.length
}
