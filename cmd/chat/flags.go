package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"hawser/websocket/client"
)

const usage = `usage: chat [flags] [url]

Talks with the WebSocket server at url, by default ws://localhost:3000. A url
without a scheme is a ws one.

Connection
  -H 'name: value'      send a header; may be repeated; -H @file reads them from a file
  -origin origin        send this origin; with -listen, accept pages of it (* for all)
  -subprotocol name     offer a subprotocol; may be repeated, best first
  -user name:password   log in with basic authentication; -user @file reads it from a file
  -proxy url            use a proxy (http, https, socks5), or none; default: the environment's
  -follow n             follow up to n redirects
  -connect-timeout d    give up connecting after d (default 30s)
  -reconnect            connect again, after growing delays, when the connection is lost
  -listen host:port     be the server: talk with all clients that connect
  -v                    show the handshake, without credentials

TLS (wss)
  -cacert file          trust these certificates instead of the system's
  -cert file            the own certificate
  -key file             and its key
  -insecure             don't verify the server's certificate

Messages
  -binary               send binary messages instead of text
  -json                 show JSON indented
  -compress level       compress, if the peer agrees: fast or better (default off)
  -max-message bytes    of the longest message and line (default 16777216)
  -ping d               ping after a silence of d; 0 for never (default 30s)

Scripts
  -n count              end after so many messages were received
  -timeout d            end after d, with exit code 5
  -wait d               at the end of the input, close after a silence of d (default 200ms;
                        a quarter of it if as many messages came as were sent; in all
                        at most 50 times as long; 0 closes at once)

Terminal
  -history file         keep the history there; '' for none
  -timestamps           show the time of each line
  -no-color             use no colors; so does a non-empty NO_COLOR in the environment

Exit codes: 0 closed normally, 1 wrong usage or input, 2 not connected, 3 protocol
error, 4 cut off or closed with another code than 1000 and 1001, 5 timeout.

Examples
  chat wss://example.org/chat
  chat -H 'Authorization: Bearer xyz' -subprotocol chat wss://example.org
  seq 3 | chat ws://localhost:3000/echo
  echo '{"subscribe":"news"}' | chat -n 1 -timeout 5s wss://example.org
  chat -listen localhost:3000
`

// options are the flags.
type options struct {
	url          string
	header       http.Header
	subprotocols []string
	proxy        string
	follow       int
	connectTime  time.Duration
	reconnect    bool
	listen       string
	verbose      bool

	caCert, cert, key string
	insecure          bool

	binary, json bool
	compress     string
	maxMessage   int64
	ping         time.Duration

	count         int64
	timeout, wait time.Duration

	history             string
	timestamps, noColor bool
}

func (o *options) flagSet() *flag.FlagSet {
	fs := flag.NewFlagSet("chat", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // errors are told once, by run
	fs.Usage = func() {}
	fs.Func("H", "", o.addHeader)
	fs.Func("origin", "", func(s string) error { o.header.Set("Origin", s); return nil })
	fs.Func("subprotocol", "", func(s string) error {
		o.subprotocols = append(o.subprotocols, s)
		return nil
	})
	fs.Func("user", "", o.setUser)
	fs.StringVar(&o.proxy, "proxy", "", "")
	fs.IntVar(&o.follow, "follow", 0, "")
	fs.DurationVar(&o.connectTime, "connect-timeout", 30*time.Second, "")
	fs.BoolVar(&o.reconnect, "reconnect", false, "")
	fs.StringVar(&o.listen, "listen", "", "")
	fs.BoolVar(&o.verbose, "v", false, "")

	fs.StringVar(&o.caCert, "cacert", "", "")
	fs.StringVar(&o.cert, "cert", "", "")
	fs.StringVar(&o.key, "key", "", "")
	fs.BoolVar(&o.insecure, "insecure", false, "")

	fs.BoolVar(&o.binary, "binary", false, "")
	fs.BoolVar(&o.json, "json", false, "")
	fs.StringVar(&o.compress, "compress", "off", "")
	fs.Int64Var(&o.maxMessage, "max-message", 16<<20, "")
	fs.DurationVar(&o.ping, "ping", 30*time.Second, "")

	fs.Int64Var(&o.count, "n", 0, "")
	fs.DurationVar(&o.timeout, "timeout", 0, "")
	fs.DurationVar(&o.wait, "wait", 200*time.Millisecond, "")

	fs.StringVar(&o.history, "history", historyFile(), "")
	fs.BoolVar(&o.timestamps, "timestamps", false, "")
	fs.BoolVar(&o.noColor, "no-color", os.Getenv("NO_COLOR") != "", "")
	return fs
}

// parse returns the options, and the dialer that they ask for.
func parse(args []string) (*options, *client.Dialer, error) {
	o := options{url: "ws://localhost:3000", header: make(http.Header)}
	fs := o.flagSet()
	var urls []string
	for { // flags may follow the URL
		if err := fs.Parse(args); err != nil {
			return nil, nil, err
		}
		if fs.NArg() == 0 {
			break
		}
		urls = append(urls, fs.Arg(0))
		args = fs.Args()[1:]
	}
	switch {
	case len(urls) > 1:
		return nil, nil, fmt.Errorf("unexpected argument %q", urls[1])
	case len(urls) == 1 && o.listen != "":
		return nil, nil, errors.New("-listen and a URL exclude each other")
	case len(urls) == 1:
		o.url = urls[0]
		if !strings.Contains(o.url, "://") {
			o.url = "ws://" + o.url
		}
	}
	switch {
	case (o.cert == "") != (o.key == ""):
		return nil, nil, errors.New("-cert and -key belong together")
	case o.compress != "off" && o.compress != "fast" && o.compress != "better":
		return nil, nil, fmt.Errorf("-compress is fast, better or off, not %q", o.compress)
	case o.maxMessage <= 0:
		return nil, nil, errors.New("-max-message must be positive")
	case o.connectTime <= 0:
		return nil, nil, errors.New("-connect-timeout must be positive")
	case o.follow < 0 || o.ping < 0 || o.count < 0 || o.timeout < 0 || o.wait < 0:
		return nil, nil, errors.New("-follow, -ping, -n, -timeout and -wait can't be negative")
	case o.listen != "" && o.reconnect:
		return nil, nil, errors.New("-listen and -reconnect exclude each other")
	}
	if err := checkURL(o.url); err != nil {
		return nil, nil, err
	}
	d, err := o.dialer()
	return &o, d, err
}

// checkURL tells wrong usage from a server that can't be reached.
func checkURL(raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return errors.New("malformed URL") // err could show a password
	case !strings.EqualFold(u.Scheme, "ws") && !strings.EqualFold(u.Scheme, "wss"):
		return fmt.Errorf("URL scheme %q is neither ws nor wss", u.Scheme)
	case u.Hostname() == "":
		return errors.New("URL has no host")
	case u.Fragment != "":
		return errors.New("URL has a fragment")
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

// orFile returns s, or the text of the file if s is @file.
func orFile(s string) (string, error) {
	file, ok := strings.CutPrefix(s, "@")
	if !ok {
		return s, nil
	}
	text, err := os.ReadFile(file)
	return strings.TrimRight(string(text), "\r\n"), err
}

// historyFile is where the history is kept: with the user's state, or where else
// programs keep their files. It's "" for a user without a home.
func historyFile() string {
	dir := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(dir) {
		var err error
		if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
			dir, err = os.UserConfigDir()
		} else if dir, err = os.UserHomeDir(); err == nil {
			dir = filepath.Join(dir, ".local", "state")
		}
		if err != nil {
			return ""
		}
	}
	return filepath.Join(dir, "hawser", "chat_history")
}
