package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// metric is a figure as the tables show it.
type metric struct {
	name, title, unit string
	format            func(float64) string
	brief             bool // also in the line that tells of a cell
}

var metrics = []metric{
	{cpu, "CPU", "", nanoseconds, true},
	{rate, "per second", "/s", thousands, true},
	{p50, "p50", "", nanoseconds, true},
	{p99, "p99", "", nanoseconds, true},
	{rss, "resident per connection", "B", thousands, true},
	{rssNow, "before a collection", "", thousands, false},
	{heap, "heap", "", thousands, false},
	{"stack", "stack", "", thousands, false},
	{"conns", "connections", "", thousands, false},
	{wire, "bytes on the wire", "", thousands, false},
	{allocs, "objects", "", decimal, false},
	{bytesV, "bytes allocated", "", thousands, false},
	{loadNS, "load's CPU", "", nanoseconds, false},
}

// mainMetric is the figure that a load is about.
func (r *results) mainMetric(load string) string {
	for _, m := range []string{p50, rss, cpu} {
		for _, p := range peers {
			if _, ok := r.value(load, p.name, m); ok {
				return m
			}
		}
	}
	return cpu
}

// report prints all tables, in Markdown, aligned for people to read as it is.
func (r *results) report(out io.Writer) {
	a := r.About
	fmt.Fprintf(out, "\n# Comparison of %s\n\n%s, %s, %d CPUs (%s). Medians of %d rounds of %g s; ratios are medians of the ratios in each round.\n\n",
		a.Date, a.Go, a.System, a.CPUs, a.CPU, a.Rounds, a.Seconds)
	rows := [][]string{{"peer", "version", "checks UTF-8", "echo"}}
	for _, p := range peers {
		if how, ok := a.How[p.name]; ok {
			rows = append(rows, []string{p.name, a.Versions[p.name], a.UTF8[p.name], how})
		}
	}
	printTable(out, rows, 4)
	group := ""
	for _, l := range loads {
		if !r.measured(l.name, "") {
			continue
		}
		if l.group != group {
			group = l.group
			fmt.Fprintf(out, "\n## %s\n", group)
		}
		r.loadTable(out, l)
	}
	r.aimTable(out)
}

func (r *results) loadTable(out io.Writer, l load) {
	fmt.Fprintf(out, "\n%s (`%s`)\n\n", l.about, l.name)
	main := r.mainMetric(l.name)
	var shown []metric
	for _, m := range metrics {
		for _, p := range peers {
			if _, ok := r.value(l.name, p.name, m.name); ok {
				shown = append(shown, m)
				break
			}
		}
	}
	head := []string{"peer"}
	for _, m := range shown {
		head = append(head, m.title)
		if m.name == main {
			head = append(head, "x raw", "x hawser")
		}
	}
	rows := [][]string{head}
	var notes []string
	for _, p := range peers {
		if !r.measured(l.name, p.name) {
			continue
		}
		row := []string{p.name}
		for _, m := range shown {
			cell := "-"
			if v, ok := r.value(l.name, p.name, m.name); ok {
				cell = m.format(v)
			}
			row = append(row, cell)
			if m.name == main {
				row = append(row, r.times(l.name, main, p.name, "raw"), r.times(l.name, main, p.name, "hawser"))
			}
		}
		rows = append(rows, row)
		if n := r.failures(l.name, p.name); n > 0 {
			notes = append(notes, fmt.Sprintf("%s failed %d times: %s", p.name, n, r.failure(l.name, p.name)))
		}
	}
	printTable(out, rows, 1)
	if l.compress {
		notes = append(notes, r.compressionNote())
	}
	for _, n := range notes {
		fmt.Fprintf(out, "\n%s\n", n)
	}
}

// compressionNote says who keeps the context of a connection, by what the
// programs are told: what the load then sends follows their handshakes.
func (r *results) compressionNote() string {
	var parts []string
	for _, p := range peers {
		if _, ok := r.About.How[p.name]; !ok {
			continue
		}
		how := p.compress
		if how == "" {
			how = "not measured"
		}
		parts = append(parts, p.name+" "+how)
	}
	return "Context: " + strings.Join(parts, ", ") + "."
}

func (r *results) times(load, metric, a, b string) string {
	if v, ok := r.ratio(load, metric, a, b); ok {
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return "-"
}

// printTable prints rows as a Markdown table; the first left columns are
// aligned left.
func printTable(out io.Writer, rows [][]string, left int) {
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, s := range row {
			width[i] = max(width[i], utf8.RuneCountInString(s), 3)
		}
	}
	for n, row := range rows {
		for i, s := range row {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(s))
			if i < left {
				s += pad
			} else {
				s = pad + s
			}
			fmt.Fprint(out, "| ", s, " ")
		}
		fmt.Fprintln(out, "|")
		if n > 0 {
			continue
		}
		for i, w := range width {
			line := strings.Repeat("-", w)
			if i >= left {
				line = line[1:] + ":"
			}
			fmt.Fprint(out, "| ", line, " ")
		}
		fmt.Fprintln(out, "|")
	}
}

// nanoseconds is a duration in the unit that suits it.
func nanoseconds(v float64) string {
	switch {
	case v < 1e4:
		return fmt.Sprintf("%.0f ns", v)
	case v < 1e7:
		return fmt.Sprintf("%.1f µs", v/1e3)
	}
	return fmt.Sprintf("%.1f ms", v/1e6)
}

func decimal(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }

// thousands is a whole number with separators.
func thousands(v float64) string {
	s := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
