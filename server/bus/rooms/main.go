// Command rooms is a chat whose rooms span any number of processes, given an engine:
//
//	go run ./rooms -addr localhost:3000 -bus redis://localhost:6379
//	go run ./rooms -addr localhost:3001 -bus redis://localhost:6379
//
// A browser gets a page to chat with on /room/NAME, where WebSocket clients find the
// room itself. room.go has what is said there.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"hawser/websocket"
	"hawser/websocket/handshake"
	"hawser/websocket/server"
	"hawser/websocket/server/bus/internal/engines"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends it at once
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "rooms:", err)
		os.Exit(1)
	}
}

// run serves until ctx is done and all have gone.
func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("rooms", flag.ExitOnError)
	addr := flags.String("addr", "localhost:3000", "host:port to listen on")
	url := flags.String("bus", "", "URL of the engine: "+engines.Schemes+"; without one the rooms are those of this process")
	prefix := flags.String("prefix", "", "what the engine's names begin with")
	origins := flags.String("origins", "", "origins of pages that may connect, besides the server's own; * for all")
	hosts := flags.String("hosts", "", "names that a server on a loopback address is known by, besides localhost; * for any")
	degrade := flags.Bool("degrade", false, "have clients of this process go on among themselves while the engine is away")
	drain := flags.Duration("drain", 10*time.Second, "how long clients have to go when the server is told to stop")
	flags.Parse(args)
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}

	ws := &server.Server{Config: websocket.Config{MaxMessage: maxSaid}}
	if *origins != "" {
		ws.Origins = strings.Split(*origins, ",")
	}
	topics := &server.Topics{Server: ws, Encode: encode, Degrade: *degrade}
	if *url != "" {
		bus, err := engines.Open(*url, *prefix)
		if err != nil {
			return err
		}
		defer bus.Close()
		bounded, cancel := context.WithTimeout(ctx, 5*time.Second)
		err = bus.Ping(bounded)
		cancel()
		switch {
		case errors.Is(err, server.ErrBusDenied):
			return err
		case err != nil:
			slog.Warn("the engine is not there yet", "error", err)
		}
		topics.Bus = bus
	}

	l, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	handler := routes(ws, topics)
	if l.Addr().(*net.TCPAddr).IP.IsLoopback() {
		handler = only(handler, strings.Split(*hosts, ","))
	}
	hs := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10, ConnState: ws.ConnState}
	served := make(chan error, 1)
	go func() { served <- hs.Serve(l) }()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	fmt.Println("listening on port", port)
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	bounded, cancel := context.WithTimeout(context.Background(), *drain)
	defer cancel()
	if err := ws.Shutdown(bounded); err != nil {
		return err
	}
	return hs.Shutdown(bounded)
}

// only has a server that others than this machine can't reach answer to its own names:
// a page of a name that comes to point to it would have the same origin otherwise.
func only(next http.Handler, hosts []string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var refusal *handshake.Refusal
		if r.Host != "" && errors.As(handshake.CheckHost(r, hosts), &refusal) { // every browser says a Host
			refusal.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
