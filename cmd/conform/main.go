// Command conform tests whether a WebSocket server or client keeps to RFC 6455 and
// RFC 7692. It needs nothing but Go.
//
//	conform -mode client -url ws://localhost:3000/echo            # tests the server there
//	conform -mode server -url ws://localhost:9001                 # tests clients that connect
//	conform -mode client -url ... -cases '1.*,7.1.1' -out reports # some cases, with a report
//	conform -mode client -spec fuzzingclient.json                 # as Autobahn's suite is told
//
// A server has to echo: each message comes back as it was, text as text and binary
// as binary. docs/CONFORMANCE.md tells the rest.
//
// It exits with 0 if all is as it has to be, with 1 if it can't be told because of
// the flags, the specification or the URL, and with 2 if cases failed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Exit codes.
const (
	exitOK     = 0
	exitUsage  = 1
	exitFailed = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the whole program.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	var s *session
	if err == nil {
		s, err = prepare(o, stdout)
	}
	if err == nil && o.list {
		s.list()
		return exitOK
	}
	if err == nil {
		running, stop := context.WithCancel(ctx)
		defer stop()
		s.stop = stop
		if o.mode == "client" {
			err = s.client(running)
		} else {
			err = s.server(running)
		}
	}
	if err != nil {
		fmt.Fprintln(stderr, "conform:", err)
		return exitUsage
	}
	return s.end(ctx)
}
