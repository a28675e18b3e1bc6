// Command chat is a line client for WebSocket servers.
//
//	go run ./cmd/chat [flags] [url]
//
// Without a URL it connects to ws://localhost:3000. On a terminal, what you type
// is sent line by line and what arrives is shown:
//
//	# socket open
//	< Welcome to Awesome Chat
//	> hello
//	< hello
//
// In a pipe, every line of standard input is a message, standard output carries
// the messages received and nothing else, and the # lines go to standard error.
// At the end of the input it closes the connection, having received all that the
// server sent before its own close:
//
//	seq 3 | go run ./cmd/chat ws://localhost:3000/echo
//
// The exit code is 0 after a normal close (codes 1000, 1001 and none), 1 for
// wrong usage or input, 2 if the connection could not be made, 3 after a breach
// of the protocol, 4 if the connection was closed with another code, cut off, or
// closed before all input was sent, 5 after a timeout.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	os.Exit(run(ctx, os.Args[1:], console{
		in: os.Stdin, out: os.Stdout, err: os.Stderr,
		inTerminal:  isTerminal(os.Stdin),
		outTerminal: isTerminal(os.Stdout),
	}))
}

// console is what the program talks to its user through.
type console struct {
	in                      io.Reader
	out, err                io.Writer
	inTerminal, outTerminal bool
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && info.Mode()&os.ModeDevice != 0 && f.Name() != os.DevNull
}

// The exit codes.
const (
	exitNormal = iota
	exitUsage
	exitConnect
	exitProtocol
	exitCutOff
	exitTimeout
)

// options are the flags.
type options struct {
	url          string
	header       http.Header
	subprotocols []string
	caCert       string
	cert, key    string
	insecure     bool
	proxy        string
	follow       int
	timeout      time.Duration
	ping         time.Duration
	maxMessage   int64
	binary       bool
}

// run is main with everything that it depends on. It returns the exit code.
func run(ctx context.Context, args []string, io console) int {
	o, err := parse(args, io.err)
	if errors.Is(err, flag.ErrHelp) {
		return exitNormal
	}
	if err != nil {
		fmt.Fprintf(io.err, "chat: %v\n", err)
		return exitUsage
	}
	d, err := o.dialer()
	if err != nil {
		fmt.Fprintf(io.err, "chat: %v\n", err)
		return exitUsage
	}
	return talk(ctx, o, d, io)
}

func parse(args []string, stderr io.Writer) (*options, error) {
	o := options{url: "ws://localhost:3000", header: make(http.Header)}
	fs := flag.NewFlagSet("chat", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // errors are told once, by run
	fs.Func("H", "`Name: value` of a header to send; may be repeated; @file reads such lines from a file", o.addHeader)
	fs.Func("origin", "`origin` to send", func(s string) error { o.header.Set("Origin", s); return nil })
	fs.Func("subprotocol", "`name` of a subprotocol to offer; may be repeated, best first", func(s string) error {
		o.subprotocols = append(o.subprotocols, s)
		return nil
	})
	fs.StringVar(&o.caCert, "cacert", "", "`file` with the certificates to trust, instead of the system's")
	fs.StringVar(&o.cert, "cert", "", "`file` with the client's own certificate")
	fs.StringVar(&o.key, "key", "", "`file` with the key of the client's certificate")
	fs.BoolVar(&o.insecure, "insecure", false, "don't verify the server's certificate")
	fs.StringVar(&o.proxy, "proxy", "", "`URL` of a proxy (http, https, socks5); none for no proxy; by default the environment's")
	fs.IntVar(&o.follow, "follow", 0, "how many redirects to follow")
	fs.DurationVar(&o.timeout, "timeout", 30*time.Second, "bound on connecting")
	fs.DurationVar(&o.ping, "ping", 30*time.Second, "silence after which the server is pinged; 0 for no pings")
	fs.Int64Var(&o.maxMessage, "max-message", 16<<20, "size of the longest message and line, in `bytes`")
	fs.BoolVar(&o.binary, "binary", false, "send binary messages instead of text")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(stderr, "usage: chat [flags] [url]")
			fs.SetOutput(stderr)
			fs.PrintDefaults()
		}
		return nil, err
	}
	switch {
	case fs.NArg() > 1:
		return nil, fmt.Errorf("unexpected argument %q; flags come before the URL", fs.Arg(1))
	case fs.NArg() == 1:
		o.url = fs.Arg(0)
	}
	switch {
	case (o.cert == "") != (o.key == ""):
		return nil, errors.New("-cert and -key belong together")
	case o.maxMessage <= 0:
		return nil, errors.New("-max-message must be positive")
	case o.follow < 0 || o.ping < 0 || o.timeout <= 0:
		return nil, errors.New("-follow and -ping can't be negative, -timeout must be positive")
	}
	return &o, checkURL(o.url)
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
	}
	return nil
}

// addHeader takes "Name: value", or "@file", which keeps secrets out of the
// list of processes.
func (o *options) addHeader(s string) error {
	lines := []string{s}
	if file, ok := strings.CutPrefix(s, "@"); ok {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		lines = strings.Split(strings.TrimRight(string(text), "\r\n"), "\n")
	}
	for _, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return errors.New("not of the form Name: value")
		}
		o.header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return nil
}
