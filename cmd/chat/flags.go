package main

import (
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"hawser/websocket/client"
)

// options are the flags.
type options struct {
	url          string
	header       http.Header
	subprotocols []string
	proxy        string
	unix         string
	follow       int
	connectTime  time.Duration
	reconnect    bool
	listen       string
	verbose      bool

	caCert, cert, key string
	insecure          bool
	http2             bool
	certificates      []tls.Certificate // our own, if there is one

	binary, json bool
	null, whole  bool
	save         string
	compress     string
	maxMessage   int64
	ping         time.Duration

	count         int64
	timeout, wait time.Duration

	history             string
	timestamps, noColor bool
	version             bool
	completion          string // the shell

	wrong error // the first value of a flag that was wrong
}

// forever is the -wait that never ends.
const forever time.Duration = -1

func (o *options) flagSet() *flag.FlagSet {
	fs := flag.NewFlagSet("chat", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // errors are told once, by run
	fs.Usage = func() {}
	o.value(fs, "H", o.addHeader)
	o.value(fs, "origin", func(s string) error { o.header.Set("Origin", s); return nil })
	o.value(fs, "subprotocol", func(s string) error {
		o.subprotocols = append(o.subprotocols, s)
		return nil
	})
	o.value(fs, "user", o.setUser)
	fs.StringVar(&o.proxy, "proxy", "", "")
	fs.StringVar(&o.unix, "unix", "", "")
	fs.IntVar(&o.follow, "follow", 0, "")
	o.duration(fs, "connect-timeout", &o.connectTime, 30*time.Second)
	fs.BoolVar(&o.reconnect, "reconnect", false, "")
	fs.StringVar(&o.listen, "listen", "", "")
	fs.BoolVar(&o.verbose, "v", false, "")

	fs.StringVar(&o.caCert, "cacert", "", "")
	fs.StringVar(&o.cert, "cert", "", "")
	fs.StringVar(&o.key, "key", "", "")
	fs.BoolVar(&o.insecure, "insecure", false, "")
	fs.BoolVar(&o.http2, "http2", false, "")

	fs.BoolVar(&o.binary, "binary", false, "")
	fs.BoolVar(&o.null, "0", false, "")
	fs.BoolVar(&o.whole, "whole", false, "")
	fs.StringVar(&o.save, "save", "", "")
	fs.BoolVar(&o.json, "json", false, "")
	fs.StringVar(&o.compress, "compress", "off", "")
	fs.Int64Var(&o.maxMessage, "max-message", 16<<20, "")
	o.duration(fs, "ping", &o.ping, 30*time.Second)

	fs.Int64Var(&o.count, "n", 0, "")
	o.duration(fs, "timeout", &o.timeout, 0)
	o.wait = 2 * time.Second
	o.value(fs, "wait", func(s string) (err error) {
		if s == "forever" {
			o.wait = forever
			return nil
		}
		o.wait, err = parseDuration(s)
		return err
	})

	fs.StringVar(&o.history, "history", historyFile(), "")
	fs.BoolVar(&o.timestamps, "timestamps", false, "")
	fs.BoolVar(&o.noColor, "no-color", os.Getenv("NO_COLOR") != "", "")
	fs.BoolVar(&o.version, "version", false, "")
	o.value(fs, "completion", func(s string) error {
		if completion(s) == "" {
			return errors.New("the shell is bash, zsh or fish")
		}
		o.completion = s
		return nil
	})
	return fs
}

// value defines a flag that set takes the value of. Unlike those of package flag,
// the error of a wrong one doesn't repeat the value, which may be a secret.
func (o *options) value(fs *flag.FlagSet, name string, set func(string) error) {
	fs.Func(name, "", func(s string) error {
		if err := set(s); err != nil && o.wrong == nil {
			o.wrong = fmt.Errorf("-%s: %w", name, err)
		}
		return nil
	})
}

func (o *options) duration(fs *flag.FlagSet, name string, d *time.Duration, value time.Duration) {
	*d = value
	o.value(fs, name, func(s string) (err error) {
		*d, err = parseDuration(s)
		return err
	})
}

func parseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	switch _, noNumber := strconv.ParseFloat(s, 64); {
	case strings.HasPrefix(s, "-"):
		return 0, fmt.Errorf("%q can't be negative", s)
	case err != nil && noNumber == nil:
		return 0, fmt.Errorf("%q has no unit: say %ss for seconds", s, s)
	case err != nil:
		return 0, fmt.Errorf("%q is not a duration such as 500ms, 5s or 2m", s)
	}
	return d, nil
}

// parse returns the options, and the dialer that they ask for.
func parse(args []string) (*options, *client.Dialer, error) {
	o := options{header: make(http.Header)}
	fs := o.flagSet()
	for { // flags may follow the URL
		if err := fs.Parse(args); err != nil {
			return nil, nil, readable(err)
		}
		if fs.NArg() == 0 {
			break
		}
		if o.url != "" { // it may be a part of a password, so it isn't shown
			return nil, nil, errors.New("more than one URL; a value with spaces needs quotes, as in -H 'name: value'")
		}
		o.url = fs.Arg(0)
		args = fs.Args()[1:]
	}
	if o.wrong != nil {
		return nil, nil, o.wrong
	}
	if o.version || o.completion != "" {
		return &o, nil, nil
	}
	if err := o.check(); err != nil {
		return nil, nil, err
	}
	switch {
	case o.url == "":
		o.url = "ws://localhost:3000"
	case !strings.Contains(o.url, "://"):
		o.url = "ws://" + o.url
	}
	d, err := o.dialer()
	return &o, d, err
}

// readable makes an error of package flag one that says what to do.
func readable(err error) error {
	if name, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: "); ok {
		return fmt.Errorf("unknown flag %s; chat -help lists them", name)
	}
	return err
}

// check tells which values make no sense.
func (o *options) check() error {
	switch {
	case o.url != "" && o.listen != "":
		return errors.New("-listen and a URL exclude each other")
	case (o.cert == "") != (o.key == ""):
		return errors.New("-cert and -key belong together")
	case o.compress != "off" && o.compress != "fast" && o.compress != "better":
		return fmt.Errorf("-compress is fast, better or off, not %q", o.compress)
	case o.maxMessage <= 0:
		return errors.New("-max-message must be positive")
	case o.connectTime <= 0:
		return errors.New("-connect-timeout must be positive")
	case o.follow < 0 || o.count < 0:
		return errors.New("-follow and -n can't be negative")
	case o.listen != "" && o.reconnect:
		return errors.New("-listen and -reconnect exclude each other")
	case o.listen != "" && o.http2:
		return errors.New("-listen takes HTTP/1.1 only; cmd/echo has -http2")
	case o.unix != "" && (o.proxy != "" || o.listen != ""):
		return errors.New("-unix excludes -proxy and -listen")
	}
	if o.save != "" {
		if info, err := os.Stat(o.save); err != nil {
			return fmt.Errorf("-save: %w", err)
		} else if !info.IsDir() {
			return fmt.Errorf("-save: %s is not a directory", o.save)
		}
	}
	return nil
}

// addHeader takes "Name: value", or "@file", which keeps secrets out of the
// list of processes.
func (o *options) addHeader(s string) error {
	text, err := orFile(s)
	if err != nil {
		return err
	}
	for line := range strings.SplitSeq(text, "\n") {
		if strings.TrimSpace(line) == "" && text != "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return errors.New("not of the form Name: value")
		}
		o.header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return nil
}

func (o *options) setUser(s string) error {
	s, err := orFile(s)
	if err != nil {
		return err
	}
	name, password, ok := strings.Cut(s, ":")
	if !ok {
		return errors.New("not of the form name:password")
	}
	r := http.Request{Header: o.header}
	r.SetBasicAuth(name, password)
	return nil
}
