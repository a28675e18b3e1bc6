package main

import (
	"encoding/json"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// results are all cells and what they were measured with.
type results struct {
	About about
	Cells []cell
}

type about struct {
	Date     string
	Go       string
	System   string
	CPU      string
	CPUs     int
	Rounds   int
	Seconds  float64
	Versions map[string]string
	How      map[string]string
	UTF8     map[string]string
}

func aboutThis(p plan) about {
	a := about{
		Date:     time.Now().UTC().Format("2006-01-02 15:04 MST"),
		Go:       runtime.Version(),
		System:   runtime.GOOS + "/" + runtime.GOARCH,
		CPU:      cpuModel(),
		CPUs:     runtime.NumCPU(),
		Rounds:   p.rounds,
		Seconds:  p.window.measure.Seconds(),
		Versions: map[string]string{}, How: map[string]string{}, UTF8: map[string]string{},
	}
	for _, p := range p.peers {
		a.Versions[p.name], a.How[p.name], a.UTF8[p.name] = p.version(), p.how, p.utf8
	}
	return a
}

func cpuModel() string {
	b, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.SplitSeq(string(b), "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

func readResults(file string) (*results, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	r := new(results)
	return r, json.Unmarshal(b, r)
}

func (r *results) write(file string) error {
	b, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(b, '\n'), 0o666)
}

// series returns a figure by round.
func (r *results) series(load, peer, metric string) map[int]float64 {
	s := map[int]float64{}
	for _, c := range r.Cells {
		if v, ok := c.Values[metric]; ok && c.Load == load && c.Peer == peer {
			s[c.Round] = v
		}
	}
	return s
}

// value returns the median of a figure over the rounds.
func (r *results) value(load, peer, metric string) (float64, bool) {
	var vs []float64
	for _, v := range r.series(load, peer, metric) {
		vs = append(vs, v)
	}
	return median(vs)
}

// ratio returns how many times the figure of b that of a is. It's the median
// of the ratios within each round, as the rounds differ more than the peers.
func (r *results) ratio(load, metric, a, b string) (float64, bool) {
	of := r.series(load, b, metric)
	var vs []float64
	for round, v := range r.series(load, a, metric) {
		if w, ok := of[round]; ok && w > 0 {
			vs = append(vs, v/w)
		}
	}
	return median(vs)
}

func median(vs []float64) (float64, bool) {
	if len(vs) == 0 {
		return 0, false
	}
	slices.Sort(vs)
	n := len(vs)
	return (vs[(n-1)/2] + vs[n/2]) / 2, true
}

// failure returns why a peer has no figures for a load.
func (r *results) failure(load, peer string) string {
	for _, c := range r.Cells {
		if c.Load == load && c.Peer == peer && c.Error != "" {
			return c.Error
		}
	}
	return ""
}

// failures counts the rounds in which a peer failed.
func (r *results) failures(load, peer string) int {
	n := 0
	for _, c := range r.Cells {
		if c.Load == load && c.Peer == peer && c.Error != "" {
			n++
		}
	}
	return n
}

// measured reports whether there is any cell of that load, or of that peer
// under it if one is named.
func (r *results) measured(load, peer string) bool {
	return slices.ContainsFunc(r.Cells, func(c cell) bool {
		return c.Load == load && (peer == "" || c.Peer == peer)
	})
}
