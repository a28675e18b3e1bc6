package main

import (
	"fmt"
	"io"
	"strconv"
)

// aim is a bound that this library has set itself.
type aim struct {
	load, metric string
	of           string // the peer, "" for hawser
	// against are the peers that it's a ratio to; "go" stands for each
	// library that was measured. If empty the bound is for the figure itself.
	against []string
	most    float64
	text    string
}

var aims = []aim{
	{"125b-16", cpu, "", []string{"raw"}, 1.15, "at most 1.15 times raw"},
	{"125b-16", cpu, "", []string{"gorilla", "coder", "gws"}, 1.0 / 7, "at most 1/7 of gorilla, coder and gws"},
	{"125b-1", cpu, "", []string{"raw"}, 1.06, "at most 1.06 times raw"},
	{"125b-1", cpu, "", []string{"go"}, 1, "below every library"},
	{"1k-binary", cpu, "", []string{"raw"}, 1.2, "at most 1.2 times raw"},
	{"1k-text", cpu, "", []string{"raw"}, 1.2, "at most 1.2 times raw"},
	{"1k-fragments", cpu, "", []string{"gws"}, 0.25, "at most 1/4 of gws"},
	{"16k", cpu, "", []string{"raw"}, 1.25, "at most 1.25 times raw"},
	{"1m", cpu, "", []string{"raw"}, 1.15, "at most 1.15 times raw"},
	{"16m", cpu, "", []string{"raw"}, 1.15, "at most 1.15 times raw"},
	{"tls-125b-16", cpu, "", []string{"raw"}, 0.45, "at most 0.45 times raw"},
	{"tls-125b-16", cpu, "", []string{"gorilla", "coder", "gws"}, 1 / 2.2, "2.2 times below gorilla, coder and gws"},
	{"tls-125b-1", cpu, "", []string{"raw"}, 1.04, "at most 1.04 times raw"},
	{"tls-1k", cpu, "", []string{"raw"}, 0.7, "at most 0.7 times raw"},
	{"tls-16k", cpu, "", []string{"raw"}, 0.95, "at most 0.95 times raw"},
	{"tls-1m", cpu, "", []string{"raw"}, 0.98, "at most 0.98 times raw"},
	{"tls-broadcast", cpu, "", []string{"go"}, 1, "below every library"},
	{"client-1", cpu, "", []string{"gorilla", "coder", "gws"}, 1, "below gorilla, coder and gws"},
	{"client-batch", cpu, "", []string{"gorilla"}, 0.15, "at most 0.15 of gorilla"},
	{"client-dial", cpu, "", []string{"gorilla"}, 0.9, "at most 0.9 of gorilla"},
	{"broadcast", cpu, "", []string{"gws"}, 0.4, "at most 0.4 of gws for a delivery"},
	{"handshake", cpu, "", []string{"gorilla"}, 1, "not above gorilla"},
	{"handshake", cpu, "hawser-serve", []string{"gorilla"}, 0.55, "by Serve at most 0.55 of gorilla"},
	{"idle", rssNow, "", nil, 6500, "at most 6.5 KB resident before a collection"},
	{"idle", rssNow, "hawser-serve", nil, 4000, "by Serve at most 4.0 KB before a collection"},
	{"idle-tls", rssNow, "", nil, 14000, "at most 14 KB resident before a collection"},
	{"deflate-1k", cpu, "", []string{"go"}, 0.5, "at most half of the best library"},
	{"latency", p50, "", []string{"go"}, 1, "p50 not above any library"},
	{"latency", p99, "", []string{"go"}, 1, "p99 not above any library"},
}

// aimTable says which aims are met. Where several peers count, the one that
// is closest to it is shown.
func (r *results) aimTable(out io.Writer) {
	rows := [][]string{{"load", "aim", "measured", "verdict"}}
	met, missed := 0, 0
	for _, a := range aims {
		if !r.measured(a.load, "") {
			continue
		}
		value, of, ok := r.aimed(a)
		row := []string{a.load, a.text, "-", "not measured"}
		if ok {
			row[2] = strconv.FormatFloat(value, 'f', 3, 64) + " of " + of
			if of == "" {
				row[2] = thousands(value)
			}
			if value <= a.most {
				met++
				row[3] = "met"
			} else {
				missed++
				row[3] = "MISSED"
			}
		}
		rows = append(rows, row)
	}
	if len(rows) == 1 {
		return
	}
	fmt.Fprintf(out, "\n## Aims\n\nServer CPU per message unless said otherwise.\n\n")
	printTable(out, rows, 4)
	fmt.Fprintf(out, "\n%d met, %d missed, %d not measured\n", met, missed, len(rows)-1-met-missed)
}

// aimed returns the figure for an aim and the peer that makes it the largest.
func (r *results) aimed(a aim) (value float64, of string, ok bool) {
	who := a.of
	if who == "" {
		who = "hawser"
	}
	if a.against == nil {
		value, ok = r.value(a.load, who, a.metric)
		return value, "", ok
	}
	against := a.against
	if against[0] == "go" {
		against = nil
		for _, p := range peers {
			if p.name != "raw" && p.module != "hawser/websocket" {
				against = append(against, p.name)
			}
		}
	}
	for _, p := range against {
		if v, has := r.ratio(a.load, a.metric, who, p); has && (!ok || v > value) {
			value, of, ok = v, p, true
		}
	}
	return value, of, ok
}
