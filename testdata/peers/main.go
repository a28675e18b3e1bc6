// Command peers compares this library with others written in Go, and with a
// bare echo over TCP, under the same load in turns. README.md says how.
//
//	go run . [-quick] [-only LOADS] [-peers PEERS]
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == childRole {
		if err := child(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	f := flag.NewFlagSet("peers", flag.ExitOnError)
	var (
		rounds  = f.Int("rounds", 5, "how often to measure each peer under each load, in turns")
		seconds = f.Float64("seconds", 1, "how long to measure each time; a third of it warms up before")
		only    = f.String("only", "", "loads to measure: names or their beginnings, with commas (all)")
		who     = f.String("peers", "", "peers to measure: names with commas, or all (those that -list shows without a star; with a plus: only under some loads)")
		quick   = f.Bool("quick", false, "one round of 0.3 s with at most 1,000 connections: to see that it works")
		output  = f.String("o", "results.json", "file for all figures; not written unless asked for with -quick, -only or -peers")
		from    = f.String("from", "", "measure nothing: report what this file holds")
		plots   = f.String("plots", "plots", "folder for the plots; as -o")
		profile = f.String("profile", "", "folder for a profile of each server, of its CPU or its memory: LOAD.PEER.ROUND.pprof")
		list    = f.Bool("list", false, "list the loads and peers")
	)
	f.Parse(args)
	// What is measured in part must not take the place of what was in whole.
	given := map[string]bool{}
	f.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if given["quick"] || given["only"] || given["peers"] {
		if !given["o"] {
			*output = ""
		}
		if !given["plots"] {
			*plots = ""
		}
	}
	if *list {
		listAll(out)
		return nil
	}
	var r *results
	if *from != "" {
		var err error
		if r, err = readResults(*from); err != nil {
			return err
		}
	} else {
		if *quick {
			*rounds, *seconds = 1, 0.3
		}
		ls, err := chooseLoads(*only)
		if err != nil {
			return err
		}
		ps, err := choosePeers(*who)
		if err != nil {
			return err
		}
		for i := range ls {
			if *quick {
				ls[i].conns = min(ls[i].conns, 1000)
			}
		}
		if *profile != "" {
			if *profile, err = filepath.Abs(*profile); err == nil {
				err = os.MkdirAll(*profile, 0o777)
			}
			if err != nil {
				return err
			}
		}
		// An interrupt ends the measuring, and what there is gets reported.
		interrupt := make(chan os.Signal, 1)
		signal.Notify(interrupt, os.Interrupt, syscall.SIGTERM)
		r = measure(plan{
			loads: ls, named: *who != "", peers: ps, rounds: *rounds, window: windowOf(*seconds),
			output: *output, profiles: *profile, interrupt: interrupt, out: out,
		})
		signal.Stop(interrupt)
		if *output != "" {
			if err := r.write(*output); err != nil {
				return err
			}
			fmt.Fprintln(out, "figures written to", *output)
		}
	}
	r.report(out)
	if *plots != "" {
		files, err := r.plot(*plots)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "\nplots drawn: %s\n", strings.Join(files, " "))
	}
	return nil
}

func windowOf(seconds float64) window {
	d := time.Duration(seconds * float64(time.Second))
	return window{warm: d / 3, measure: d}
}

func listAll(out io.Writer) {
	fmt.Fprintln(out, "loads:")
	for _, l := range loads {
		fmt.Fprintf(out, "  %-14s %s\n", l.name, l.about)
	}
	fmt.Fprintln(out, "peers:")
	for _, p := range peers {
		star := " "
		switch {
		case p.extra:
			star = "*"
		case p.under != nil:
			star = "+"
		}
		fmt.Fprintf(out, " %s%-14s %-12s %s\n", star, p.name, p.version(), p.how)
	}
}

func chooseLoads(terms string) ([]load, error) {
	if terms == "" {
		return slices.Clone(loads), nil
	}
	chosen := map[string]bool{}
	for term := range strings.SplitSeq(terms, ",") {
		// A load's own name means that one alone, even if others begin with it.
		exact := slices.ContainsFunc(loads, func(l load) bool { return l.name == term })
		found := false
		for _, l := range loads {
			if l.name == term || !exact && strings.HasPrefix(l.name, term) {
				chosen[l.name], found = true, true
			}
		}
		if !found || term == "" {
			return nil, fmt.Errorf("no load %q; -list shows them", term)
		}
	}
	var ls []load
	for _, l := range loads {
		if chosen[l.name] {
			ls = append(ls, l)
		}
	}
	return ls, nil
}

func choosePeers(names string) ([]peer, error) {
	var ps []peer
	for _, p := range peers {
		if names == "all" || names == "" && !p.extra {
			ps = append(ps, p)
		}
	}
	if ps != nil {
		return ps, nil
	}
	for name := range strings.SplitSeq(names, ",") {
		p, ok := findPeer(name)
		if !ok {
			return nil, fmt.Errorf("no peer %q; -list shows them", name)
		}
		ps = append(ps, p)
	}
	return ps, nil
}
