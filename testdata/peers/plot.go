package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// plot draws a picture for each group of loads and returns the files.
func (r *results) plot(dir string) ([]string, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	var files []string
	var groups [][]load
	for _, l := range loads {
		if !r.measured(l.name, "") {
			continue
		}
		if n := len(groups); n > 0 && groups[n-1][0].group == l.group {
			groups[n-1] = append(groups[n-1], l)
		} else {
			groups = append(groups, []load{l})
		}
	}
	for _, g := range groups {
		picture := r.bars(g)
		if g[0].x > 0 {
			picture = r.growth(g)
		}
		if picture == "" {
			continue
		}
		file := filepath.Join(dir, strings.ReplaceAll(strings.ToLower(g[0].group), " ", "-")+".svg")
		if err := os.WriteFile(file, []byte(picture), 0o666); err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

// formatOf returns how a figure is written.
func formatOf(name string) metric {
	return metrics[slices.IndexFunc(metrics, func(m metric) bool { return m.name == name })]
}

// bars draws a panel of bars for each load, from zero, so that a bar twice as
// long is twice as much.
func (r *results) bars(ls []load) string {
	const (
		width, row, name, number = 760.0, 20.0, 100.0, 90.0
	)
	s := &svg{width: width, height: 6}
	for _, l := range ls {
		shown := []string{r.mainMetric(l.name)}
		if shown[0] == p50 {
			shown = append(shown, p99)
		}
		for _, m := range shown {
			longest := 0.0
			for _, p := range peers {
				v, _ := r.value(l.name, p.name, m)
				longest = math.Max(longest, v)
			}
			if longest == 0 {
				continue
			}
			f := formatOf(m)
			s.text(0, s.height+14, "title", "start", l.about)
			s.text(0, s.height+29, "small", "start", f.title+what(m, l)+"; less is better")
			s.height += 38
			for _, p := range peers {
				v, ok := r.value(l.name, p.name, m)
				if !ok {
					continue
				}
				class := ""
				if p.name == "hawser" {
					class = "b"
				}
				length := (width - name - number) * v / longest
				s.text(name-8, s.height+row*.7, class, "end", p.name)
				s.bar(name, s.height+2, length, row-5, p.name)
				s.text(name+length+6, s.height+row*.7, class, "start", f.format(v))
				s.height += row
			}
			s.height += 14
		}
	}
	if s.b.Len() == 0 {
		return ""
	}
	return s.String(ls[0].group)
}

// what a figure is counted for.
func what(metric string, l load) string {
	switch {
	case metric == rss:
		return ", bytes"
	case metric != cpu:
		return " of an echo"
	case strings.HasPrefix(l.name, "broadcast"):
		return " per delivery"
	case strings.HasPrefix(l.name, "handshake"):
		return " per handshake"
	}
	return " per message"
}

// growth draws a line for each peer, on logarithmic axes.
func (r *results) growth(ls []load) string {
	const left, top, right, bottom = 70.0, 46.0, 110.0, 40.0
	s := &svg{width: 760, height: 440}
	low, high := math.Inf(1), 0.0
	for _, l := range ls {
		for _, p := range peers {
			if v, ok := r.value(l.name, p.name, cpu); ok && v > 0 {
				low, high = math.Min(low, v), math.Max(high, v)
			}
		}
	}
	if high == 0 || len(ls) < 2 {
		return ""
	}
	x := newAxis(float64(ls[0].x), float64(ls[len(ls)-1].x), s.width-left-right)
	y := newAxis(low*.8, high*1.25, s.height-top-bottom)
	px := func(v float64) float64 { return left + x.at(v) }
	py := func(v float64) float64 { return s.height - bottom - y.at(v) }

	s.text(0, 14, "title", "start", ls[0].group)
	s.text(0, 30, "small", "start", "server CPU per message; less is better; both axes are logarithmic")
	axisName := "connections"
	if strings.HasPrefix(ls[0].name, "size") {
		axisName = "bytes of a message"
	}
	for _, l := range ls {
		s.line(px(float64(l.x)), top, px(float64(l.x)), s.height-bottom, "grid")
		s.text(px(float64(l.x)), s.height-bottom+16, "small", "middle", short(l.x))
	}
	s.text(left+x.length/2, s.height-6, "small", "middle", axisName)
	ticks := []float64{1, 1.5, 2, 3, 4, 5, 6, 8}
	if high/low > 100 {
		ticks = ticks[:1]
	} else if high/low > 8 {
		ticks = []float64{1, 2, 5}
	}
	for e := math.Floor(math.Log10(low * .8)); e <= math.Log10(high*1.25); e++ {
		for _, m := range ticks {
			v := m * math.Pow(10, e)
			if v < low*.8 || v > high*1.25 {
				continue
			}
			s.line(left, py(v), s.width-right, py(v), "grid")
			s.text(left-6, py(v)+4, "small", "end", tick(v))
		}
	}
	type label struct {
		peer string
		y    float64
	}
	var labels []label
	for _, p := range peers {
		var d strings.Builder
		var last float64
		for _, l := range ls {
			v, ok := r.value(l.name, p.name, cpu)
			if !ok {
				continue
			}
			command := "L"
			if d.Len() == 0 {
				command = "M"
			}
			last = py(v)
			fmt.Fprintf(&d, "%s%.1f %.1f", command, px(float64(l.x)), last)
		}
		if d.Len() == 0 {
			continue
		}
		fmt.Fprintf(&s.b, `<path class="l-%s" d="%s"/>`+"\n", p.name, d.String())
		labels = append(labels, label{p.name, last})
	}
	// The names at the ends of the lines, moved apart where they would meet.
	slices.SortFunc(labels, func(a, b label) int { return int(math.Copysign(1, a.y-b.y)) })
	const apart = 14.0
	for i := range labels {
		if i > 0 {
			labels[i].y = math.Max(labels[i].y, labels[i-1].y+apart)
		}
	}
	if over := labels[len(labels)-1].y - (s.height - bottom); over > 0 {
		for i := len(labels) - 1; i >= 0 && over > 0; i-- {
			labels[i].y -= over
			if i > 0 {
				over = labels[i-1].y + apart - labels[i].y
			}
		}
	}
	for _, l := range labels {
		s.text(s.width-right+8, l.y+4, "l-"+l.peer, "start", l.peer)
	}
	return s.String(ls[0].group)
}

// tick is a round duration in few characters.
func tick(ns float64) string {
	switch {
	case ns < 1e3:
		return fmt.Sprintf("%g ns", ns)
	case ns < 1e6:
		return fmt.Sprintf("%g µs", ns/1e3)
	}
	return fmt.Sprintf("%g ms", ns/1e6)
}
