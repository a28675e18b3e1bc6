package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
)

// options are the flags.
type options struct {
	mode, url, agent  string
	cases, exclude    []string
	out, spec, data   string
	insecure          bool
	caCert, cert, key string
	parallel          int
	patience          float64
	strict, quiet     bool
	failFast          bool
	list, short, keep bool
	header            http.Header
	servers           []serverSpec // of the specification
	excludeAgents     map[string][]string
}

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{header: http.Header{}}
	fs := flag.NewFlagSet("conform", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // errors are told once, by run
	fs.StringVar(&o.mode, "mode", "", "`client` to test a server, server to test clients")
	fs.StringVar(&o.url, "url", "", "`URL` of the server to test, or to be")
	fs.Func("cases", "comma-separated `patterns` of the cases to run, such as 1.*,7.1.1; all if there are none", list(&o.cases))
	fs.Func("exclude", "comma-separated `patterns` of cases not to run", list(&o.exclude))
	fs.BoolVar(&o.short, "short", false, "leave out the long sections 9, 12 and 13")
	fs.BoolVar(&o.list, "list", false, "list the cases instead of running them")
	fs.StringVar(&o.out, "out", "", "`folder` for the report")
	fs.StringVar(&o.spec, "spec", "", "JSON `file` as Autobahn's fuzzingclient.json or fuzzingserver.json, instead of -url, -cases and -out")
	fs.StringVar(&o.agent, "agent", "", "`name` of the server in the report; its host and port unless set")
	fs.StringVar(&o.data, "data", "", "`folder` with data to compress, instead of generated data")
	fs.IntVar(&o.parallel, "parallel", 4, "how many cases to run at a time, in mode client")
	fs.Float64Var(&o.patience, "patience", 1, "multiplies all times that the peer is given")
	fs.BoolVar(&o.strict, "strict", false, "count NON-STRICT and UNIMPLEMENTED as failed")
	fs.BoolVar(&o.failFast, "fail-fast", false, "end with the first case that failed")
	fs.BoolVar(&o.quiet, "quiet", false, "print only the summary")
	fs.BoolVar(&o.keep, "keep", false, "go on when a client has its report, in mode server")
	fs.BoolVar(&o.insecure, "insecure", false, "don't verify the server's certificate")
	fs.StringVar(&o.caCert, "cacert", "", "PEM `file` with certificates to trust besides the system's")
	fs.StringVar(&o.cert, "cert", "", "PEM `file` with the certificate, in mode server; one is made for wss unless set")
	fs.StringVar(&o.key, "key", "", "PEM `file` with its key")
	fs.Func("H", "`Name: value` of a header of requests; may be repeated", func(s string) error {
		name, value, ok := strings.Cut(s, ":")
		if name = strings.TrimSpace(name); !ok || name == "" || strings.ContainsAny(s, "\r\n") {
			return errors.New("want Name: value")
		}
		o.header.Add(name, strings.TrimSpace(value))
		return nil
	})
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(stderr, "usage: conform -mode client|server -url URL [flags]")
			fs.SetOutput(stderr)
			fs.PrintDefaults()
		}
		return nil, err
	}
	return o, o.check(fs.Args())
}

func (o *options) check(rest []string) error {
	o.mode = strings.TrimPrefix(o.mode, "fuzzing") // as Autobahn's suite has it
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unknown argument %q: everything is told by flags", rest[0])
	case o.mode != "client" && o.mode != "server":
		return fmt.Errorf("-mode %q is neither client nor server", o.mode)
	case o.spec != "" && (o.url != "" || o.agent != ""):
		return errors.New("-url and -agent are in the specification if there's a -spec")
	case o.spec == "" && o.url == "" && !o.list:
		return errors.New("-url is missing")
	case o.parallel < 1 || o.parallel > 1000:
		return fmt.Errorf("-parallel %d is not from 1 to 1000", o.parallel)
	case !(o.patience > 0 && o.patience <= 1000) || math.IsNaN(o.patience):
		return fmt.Errorf("-patience %v is not between 0 and 1000", o.patience)
	case (o.cert == "") != (o.key == ""):
		return errors.New("-cert and -key go together")
	}
	return nil
}

// list is a flag of elements with commas between them; it may be repeated.
func list(to *[]string) func(string) error {
	return func(s string) error {
		for _, e := range strings.Split(s, ",") {
			if e = strings.TrimSpace(e); e != "" {
				*to = append(*to, e)
			}
		}
		return nil
	}
}
