// Command echo is an echo server for WebSocket clients.
//
//	go run ./cmd/echo [flags]
//
// It listens on localhost, port 3000. On every path it greets a client and sends
// each message back; on /echo it does so without the greeting. A browser that
// opens / gets a page to chat with, /healthz tells whether the server is up.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame/deflate"
	"hawser/websocket/handshake"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// options are the flags.
type options struct {
	addr, greeting    string
	origins           []string
	subprotocols      []string
	maxMessage        int64
	cert, key         string
	selfSigned, quiet bool
	ping, drain       time.Duration
	compress          string // a level, or off
	window, minSize   int
	noTakeover        bool
}

// run is main with everything that it depends on. It returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err == nil {
		err = serve(ctx, o, stdout, stderr)
	}
	if err != nil {
		fmt.Fprintf(stderr, "echo: %v\n", err)
		return 1
	}
	return 0
}

func parse(args []string, stderr io.Writer) (*options, error) {
	var o options
	fs := flag.NewFlagSet("echo", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // errors are told once, by run
	fs.StringVar(&o.addr, "addr", "localhost:3000", "`host:port` to listen on; localhost is 127.0.0.1 and ::1")
	fs.StringVar(&o.greeting, "greeting", "Welcome to Awesome Chat", "first message to every client, but on /echo; empty for none")
	list(fs, &o.origins, "origins", "comma-separated `origins` of pages that may connect, besides the server's own; * for all")
	list(fs, &o.subprotocols, "subprotocols", "comma-separated `names` of subprotocols to agree on")
	fs.Int64Var(&o.maxMessage, "max-message", 16<<20, "size of the longest message, in `bytes`")
	fs.StringVar(&o.cert, "cert", "", "`file` with the TLS certificate; serves wss")
	fs.StringVar(&o.key, "key", "", "`file` with the key of the certificate")
	fs.BoolVar(&o.selfSigned, "self-signed", false, "serve wss with a certificate made for this run")
	fs.StringVar(&o.compress, "compress", "fast", "`level` of compression for clients that offer it: fast, better or off")
	fs.IntVar(&o.window, "compress-window", websocket.DefaultWindowBits, "largest window to compress with either way, in `bits` from 8 to 15")
	fs.IntVar(&o.minSize, "compress-min", 0, "size of the smallest message to compress, in `bytes`")
	fs.BoolVar(&o.noTakeover, "no-takeover", false, "compress each message by itself")
	fs.DurationVar(&o.ping, "ping", websocket.DefaultPingInterval, "silence after which a client is pinged; 0 for no pings")
	fs.BoolVar(&o.quiet, "quiet", false, "don't print clients and messages")
	fs.DurationVar(&o.drain, "drain", 10*time.Second, "how long clients have to go when the server is told to stop")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(stderr, "usage: echo [flags]")
			fs.SetOutput(stderr)
			fs.PrintDefaults()
		}
		return nil, err
	}
	switch {
	case fs.NArg() > 0:
		return nil, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	case (o.cert == "") != (o.key == ""):
		return nil, errors.New("-cert and -key belong together")
	case o.cert != "" && o.selfSigned:
		return nil, errors.New("-self-signed and -cert exclude each other")
	case o.maxMessage <= 0:
		return nil, errors.New("-max-message must be positive")
	case o.ping < 0 || o.drain < 0:
		return nil, errors.New("-ping and -drain can't be negative")
	case o.compress != "fast" && o.compress != "better" && o.compress != "off":
		return nil, fmt.Errorf("-compress is fast, better or off, not %q", o.compress)
	case o.window < deflate.MinWindowBits || o.window > deflate.MaxWindowBits:
		return nil, fmt.Errorf("-compress-window is from 8 to 15, not %d", o.window)
	case o.minSize < 0:
		return nil, errors.New("-compress-min can't be negative")
	}
	return &o, handshake.CheckOrigins(o.origins)
}

// compression is nil if it's off.
func (o *options) compression() *websocket.Compression {
	if o.compress == "off" {
		return nil
	}
	w := websocket.Window{Bits: o.window, NoTakeover: o.noTakeover}
	k := &websocket.Compression{MinSize: o.minSize, Send: w, Receive: w}
	if o.minSize == 0 {
		k.MinSize = -1
	}
	if o.compress == "better" {
		k.Level = deflate.Better
	}
	return k
}

func list(fs *flag.FlagSet, to *[]string, name, usage string) {
	fs.Func(name, usage, func(s string) error {
		for v := range strings.SplitSeq(s, ",") {
			if v = strings.TrimSpace(v); v != "" {
				*to = append(*to, v)
			}
		}
		return nil
	})
}
