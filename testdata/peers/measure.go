package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// plan is what to measure.
type plan struct {
	loads     []load
	named     bool // the peers were asked for by name
	peers     []peer
	rounds    int
	window    window
	output    string
	profiles  string // folder for CPU profiles of the servers, "" for none
	interrupt <-chan os.Signal
	out       io.Writer
}

// cell is one load against one peer, once.
type cell struct {
	Load   string
	Peer   string
	Round  int
	Values values `json:",omitempty"`
	Error  string `json:",omitempty"`
}

// measure goes through the plan in rounds, in each through the loads, and under
// each load through the peers, so that whatever the machine does meanwhile is
// spread over all of them. Each round begins with another peer.
func measure(p plan) *results {
	r := &results{About: aboutThis(p)}
	type job struct {
		round int
		load  load
		peer  peer
	}
	var jobs []job
	var guess time.Duration // of what is to come
	for round := range p.rounds {
		for _, l := range p.loads {
			if l.rounds > 0 && round >= l.rounds {
				continue
			}
			for i := range p.peers {
				pe := p.peers[(i+round)%len(p.peers)]
				if l.can(pe) && (p.named || pe.under == nil || pe.under(l)) {
					jobs = append(jobs, job{round, l, pe})
					guess += l.guess(p.window)
				}
			}
		}
	}
	start := time.Now()
	var guessed time.Duration // of what is done
	for i, j := range jobs {
		c := one(j.load, j.peer, j.round, p.window, p.profiles)
		r.Cells = append(r.Cells, c)
		g := j.load.guess(p.window)
		guess, guessed = guess-g, guessed+g
		left := time.Duration(float64(guess) * float64(time.Since(start)) / float64(guessed))
		fmt.Fprintf(p.out, "[%*d/%d] round %d of %d  %-12s %-12s  %s  %s left\n",
			len(fmt.Sprint(len(jobs))), i+1, len(jobs), j.round+1, p.rounds, j.load.name, j.peer.name, c.line(), left.Round(time.Second))
		if i+1 < len(jobs) && jobs[i+1].round != j.round && p.output != "" {
			if err := r.write(p.output); err != nil { // so that a long run is never for nothing
				fmt.Fprintln(p.out, err)
			}
		}
		select {
		case <-p.interrupt:
			fmt.Fprintln(p.out, "interrupted")
			return r
		default:
		}
	}
	return r
}

// one measures a cell with a server of its own, so that no peer pays for what
// another or an earlier load has left in memory.
func one(l load, p peer, round int, w window, profiles string) cell {
	c := cell{Load: l.name, Peer: p.name, Round: round}
	o := l.options(p)
	if profiles != "" {
		o.Profile = filepath.Join(profiles, fmt.Sprintf("%s.%s.%d.pprof", l.name, p.name, round+1))
	}
	var err error
	if l.client {
		var stop func()
		if o.Dial, stop, err = serveEchoes(); err != nil {
			c.Error = err.Error()
			return c
		}
		defer stop()
		o.Load = l.name
	}
	s, err := startProc(o)
	if err == nil {
		c.Values, err = l.run(l, s, w)
		s.stop()
	}
	if err != nil {
		c.Error = err.Error()
	}
	return c
}

// line is the cell's main figures.
func (c cell) line() string {
	if c.Error != "" {
		return "failed: " + c.Error
	}
	s := ""
	for _, m := range metrics {
		if v, ok := c.Values[m.name]; ok && m.brief {
			s += fmt.Sprintf("%12s", m.format(v))
			if m.unit != "" {
				s += " " + m.unit
			}
		}
	}
	return s
}

// guess says how long a cell takes, to tell how long all of them do.
func (l load) guess(w window) time.Duration {
	d := w.warm + w.measure + 200*time.Millisecond + time.Duration(l.conns)*100*time.Microsecond
	if l.rounds > 0 { // of memory: no window, a round for each connection instead
		d = w.warm + time.Second + time.Duration(l.conns)*300*time.Microsecond
	}
	return d
}
