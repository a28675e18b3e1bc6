package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame/deflate"
	"hawser/websocket/handshake"
	"hawser/websocket/server"
)

// options are the flags. Of the limits, 0 is none.
type options struct {
	addr, greeting    string
	origins, hosts    []string
	subprotocols      []string
	cert, key         string
	selfSigned, quiet bool
	http2             bool
	reusePort         bool
	version           bool

	compress        string // a level, or off
	window, minSize int
	noTakeover      bool

	headTimeout                              time.Duration
	maxHead                                  int
	maxConns, maxConnsPerAddr                int
	maxHandshakes                            int
	trusted                                  []netip.Prefix
	maxMessage                               int64
	maxFragments, maxQueue                   int
	slow                                     server.SlowPolicy
	ping, pingTimeout                        time.Duration
	writeTimeout, closeTimeout               time.Duration
	idleTimeout, lifetime, drainDelay, drain time.Duration

	debug     string
	logFormat string
	logLevel  slog.Level
}

// parse returns [flag.ErrHelp] when it has printed the flags, as was asked for.
func parse(args []string, stdout io.Writer) (*options, error) {
	o := options{subprotocols: []string{"*"}}
	fs := flag.NewFlagSet("echo", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // errors are told once, by run
	o.define(fs)
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(stdout, "usage: echo [flags]")
			fs.SetOutput(stdout)
			fs.PrintDefaults()
			return nil, err
		}
		return nil, fmt.Errorf("%w; %s", err, hint(fs, err))
	}
	if fs.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	return &o, o.check()
}

// hint says what helps after err, of which package flag says nothing but its text.
func hint(fs *flag.FlagSet, err error) string {
	_, name, _ := strings.Cut(err.Error(), "for flag -")
	name, _, isValue := strings.Cut(name, ": parse error")
	if f := fs.Lookup(name); isValue && f != nil {
		if v, ok := f.Value.(flag.Getter); ok {
			if _, ok := v.Get().(time.Duration); ok {
				return "a duration has a unit, such as 5s or 2m"
			}
		}
	}
	return "echo -h lists the flags"
}

func (o *options) define(fs *flag.FlagSet) {
	fs.StringVar(&o.addr, "addr", "localhost:3000", "`host:port` to listen on; localhost is 127.0.0.1 and ::1")
	fs.BoolVar(&o.reusePort, "reuseport", false, "let others who say so too listen on the same port (SO_REUSEPORT)")
	fs.StringVar(&o.greeting, "greeting", "Welcome to Awesome Chat", "first message to every client, but on /echo and /all; empty for none")
	list(fs, &o.origins, "origins", "comma-separated `origins` of pages that may connect, besides the server's own; * for all", parseName)
	list(fs, &o.hosts, "hosts", "comma-separated names of `hosts` that requests may be for, besides localhost, addresses and the hosts of -origins, when -addr is a loopback address; *.name for subdomains, * for all", parseHost)
	list(fs, &o.subprotocols, "subprotocols", "comma-separated `names` of subprotocols to agree on; empty for none, * for the first that a client offers (default *)", parseName)
	fs.StringVar(&o.cert, "cert", "", "`file` with the TLS certificate; serves wss")
	fs.StringVar(&o.key, "key", "", "`file` with the key of the certificate")
	fs.BoolVar(&o.selfSigned, "self-signed", false, "serve wss with a certificate made for this run")
	fs.BoolVar(&o.http2, "http2", false, "take WebSockets over HTTP/2 as well; without TLS, from clients that know")

	fs.StringVar(&o.compress, "compress", "fast", "`level` of compression for clients that offer it: fast, better or off")
	fs.IntVar(&o.window, "compress-window", websocket.DefaultWindowBits, "largest window to compress with either way, in `bits` from 8 to 15")
	fs.IntVar(&o.minSize, "compress-min", 0, "size of the smallest message to compress, in `bytes`")
	fs.BoolVar(&o.noTakeover, "no-takeover", false, "compress each message by itself")

	fs.DurationVar(&o.headTimeout, "head-timeout", 10*time.Second, "how long a client may take for a whole request, and until the next one")
	fs.IntVar(&o.maxHead, "max-head", 64<<10, "size of the largest request, in `bytes`")
	fs.IntVar(&o.maxConns, "max-conns", server.DefaultMaxConns, "how many connections may be open; 0 for no limit")
	fs.IntVar(&o.maxConnsPerAddr, "max-conns-per-addr", 0, "how many of them may come from one address, or IPv6 /64; 0 for no limit")
	fs.IntVar(&o.maxHandshakes, "max-handshakes", server.DefaultMaxHandshakes, "how many clients may be connected without a WebSocket connection; 0 for no limit")
	list(fs, &o.trusted, "trusted-proxies", "comma-separated `networks` of proxies whose X-Forwarded-For is believed", parsePrefix)
	fs.Int64Var(&o.maxMessage, "max-message", 16<<20, "size of the longest message, in `bytes`")
	fs.IntVar(&o.maxFragments, "max-fragments", websocket.DefaultMaxFragments, "how many frames a message may come in; 0 for no limit")
	fs.IntVar(&o.maxQueue, "max-queue", websocket.DefaultMaxQueue, "how many `bytes` may wait for a slow client on /all; 0 for no limit")
	fs.Func("slow", "what becomes of a client on /all that is too slow: close (with code 1008), retry (close with 1013) or drop (the message)", o.setSlow)
	fs.DurationVar(&o.ping, "ping", websocket.DefaultPingInterval, "silence after which a client is pinged; 0 for no pings")
	fs.DurationVar(&o.pingTimeout, "ping-timeout", websocket.DefaultPingTimeout, "silence after a ping that ends a connection; 0 for no limit")
	fs.DurationVar(&o.writeTimeout, "write-timeout", websocket.DefaultWriteTimeout, "how long a client may take to accept the next 64 KiB, or a page; 0 for no limit")
	fs.DurationVar(&o.closeTimeout, "close-timeout", websocket.DefaultCloseTimeout, "how long a closing handshake may take; 0 for no limit")
	fs.DurationVar(&o.idleTimeout, "idle-timeout", 0, "how long a client may go without a message; 0 for no limit")
	fs.DurationVar(&o.lifetime, "lifetime", 0, "how long a connection may last; 0 for no limit")

	fs.DurationVar(&o.drainDelay, "drain-delay", 0, "how long to go on as before when told to stop, but for /healthz, which answers 503")
	fs.DurationVar(&o.drain, "drain", 10*time.Second, "how long clients have to go then")
	fs.BoolVar(&o.quiet, "quiet", false, "don't print clients and messages, and log errors only")
	fs.BoolVar(&o.version, "version", false, "print the version and exit")
	fs.StringVar(&o.debug, "debug", "", "`host:port` for /debug/vars, /debug/pprof and /healthz; keep it private")
	fs.StringVar(&o.logFormat, "log-format", "text", "`format` of the log: text or json")
	fs.TextVar(&o.logLevel, "log-level", slog.LevelInfo, "lowest `level` to log; DEBUG has every connection and refusal")
}

func (o *options) setSlow(s string) error {
	policies := map[string]server.SlowPolicy{"close": server.CloseSlow, "retry": server.CloseSlow1013, "drop": server.DropNewest}
	p, ok := policies[s]
	if !ok {
		return errors.New("it's close, retry or drop")
	}
	o.slow = p
	return nil
}

func (o *options) check() error {
	switch {
	case (o.cert == "") != (o.key == ""):
		return errors.New("-cert and -key belong together")
	case o.cert != "" && o.selfSigned:
		return errors.New("-self-signed and -cert exclude each other")
	case o.reusePort && !canReusePort:
		return errors.New("-reuseport: this system can't")
	case o.maxMessage <= 0:
		return errors.New("-max-message must be positive")
	case o.maxHead <= 0 || o.headTimeout <= 0:
		return errors.New("-max-head and -head-timeout must be positive")
	case o.ping < 0 || o.drain < 0 || o.drainDelay < 0:
		return errors.New("-ping, -drain and -drain-delay can't be negative")
	case min(o.maxConns, o.maxConnsPerAddr, o.maxHandshakes, o.maxFragments, o.maxQueue) < 0,
		min(o.pingTimeout, o.writeTimeout, o.closeTimeout, o.idleTimeout, o.lifetime) < 0:
		return errors.New("a limit can't be negative")
	case o.compress != "fast" && o.compress != "better" && o.compress != "off":
		return fmt.Errorf("-compress is fast, better or off, not %q", o.compress)
	case o.window < deflate.MinWindowBits || o.window > deflate.MaxWindowBits:
		return fmt.Errorf("-compress-window is from 8 to 15, not %d", o.window)
	case o.minSize < 0:
		return errors.New("-compress-min can't be negative")
	case o.logFormat != "text" && o.logFormat != "json":
		return fmt.Errorf("-log-format is text or json, not %q", o.logFormat)
	}
	return handshake.CheckOrigins(o.origins)
}

// config has the limits of a connection.
func (o *options) config() websocket.Config {
	return websocket.Config{
		MaxMessage:   o.maxMessage,
		MaxFragments: limit(o.maxFragments),
		MaxQueue:     limit(o.maxQueue),
		Compression:  o.compression(),
		PingInterval: limit(o.ping),
		PingTimeout:  limit(o.pingTimeout),
		WriteTimeout: limit(o.writeTimeout),
		CloseTimeout: limit(o.closeTimeout),
		IdleTimeout:  o.idleTimeout,
	}
}

// limit turns the 0 of the flags into what stands for no limit in the library.
func limit[T int | time.Duration](v T) T {
	if v == 0 {
		return -1
	}
	return v
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

// list defines a flag that adds the elements of a comma-separated list to to, in the
// place of what is there by default.
func list[T any](fs *flag.FlagSet, to *[]T, name, usage string, parse func(string) (T, error)) {
	first := true
	fs.Func(name, usage, func(s string) error {
		if first {
			*to, first = nil, false
		}
		for v := range strings.SplitSeq(s, ",") {
			if v = strings.TrimSpace(v); v == "" {
				continue
			}
			e, err := parse(v)
			if err != nil {
				return err
			}
			*to = append(*to, e)
		}
		return nil
	})
}

func parseName(s string) (string, error) { return s, nil }

// parsePrefix parses a network, such as 10.0.0.0/8, or a single address.
func parsePrefix(s string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(s); err == nil {
		return addr.Prefix(addr.BitLen())
	}
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err
}
