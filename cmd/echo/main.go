// Command echo is an echo server for WebSocket clients.
//
//	go run ./cmd/echo [flags]
//
// It listens on localhost, port 3000. On every path it greets a client and sends
// each message back; on /echo it does so without the greeting; on /all each message
// goes to all clients there. A browser that opens / gets a page to chat with,
// /healthz tells whether the server is up, and with -debug there's another address
// that tells how it is. Clients and messages are printed, what operators want to know is
// logged to the standard error; neither holds up the service if nobody reads it.
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
	"time"

	"hawser/websocket/cmd/internal/signals"
	"hawser/websocket/cmd/internal/version"
)

func main() {
	signal.Ignore(signals.Pipe...) // a log that nobody reads is no reason to end
	ctx, cancel := context.WithCancel(context.Background())
	stopOnSignal(cancel)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// stopOnSignal has the first signal to stop call stop. A second interrupt or SIGTERM
// ends the program at once. A second SIGHUP doesn't, as the kernel and the shell may
// each send one for a terminal that goes away; and where SIGHUP is ignored from the
// start, as below nohup, it stays so.
func stopOnSignal(stop func()) {
	stops := make(chan os.Signal, 1)
	signal.Notify(stops, os.Interrupt, syscall.SIGTERM)
	for _, sig := range signals.Hangup {
		if !signal.Ignored(sig) {
			signal.Notify(stops, sig)
		}
	}
	go func() {
		<-stops
		signal.Reset(os.Interrupt, syscall.SIGTERM)
		stop()
	}()
}

// run is main with everything that it depends on. It returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "echo: %v\n", err)
		return 1
	case o.version:
		fmt.Fprintln(stdout, version.String("echo"))
		return 0
	}
	out := &lineWriter{w: stdout, notice: journalNotice}
	log := &lineWriter{w: stderr, notice: logNotice(o)}
	err = serve(ctx, o, out, log)
	if err != nil {
		fmt.Fprintf(log, "echo: %v\n", err)
	}
	patience, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	out.flush(patience)
	log.flush(patience)
	if err != nil {
		return 1
	}
	return 0
}
