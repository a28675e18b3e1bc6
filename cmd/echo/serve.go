package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"hawser/websocket/cmd/internal/selfsigned"
	"hawser/websocket/server"
	_ "hawser/websocket/server/xconnect" // for -http2; without that nothing here speaks HTTP/2
)

// serve runs the server until ctx is done and its clients have gone. It prints what
// happens to out, and logs what operators want to know to logs.
func serve(ctx context.Context, o *options, out, logs *lineWriter) error {
	tlsConfig, err := tlsConfig(o)
	if err != nil {
		return err
	}
	listeners, err := listen(o.addr, o.reusePort)
	if err != nil {
		return err
	}
	log := logger(o, logs)
	hosts := o.hosts
	for _, origin := range o.origins {
		hosts = append(hosts, hostOf(origin))
	}
	ws := &server.Server{
		Config:          o.config(),
		Origins:         o.origins,
		Subprotocols:    o.subprotocols,
		Logger:          log,
		MaxConns:        limit(o.maxConns),
		MaxConnsPerAddr: o.maxConnsPerAddr,
		MaxHandshakes:   limit(o.maxHandshakes),
		MaxLifetime:     o.lifetime,
		TrustedProxies:  o.trusted,
		Slow:            o.slow,
	}
	health := new(health)
	failed := make(chan error, len(listeners)+1)
	debugPort := 0
	if o.debug != "" {
		var n traffic
		ws.Config.Trace = n.trace()
		l, err := net.Listen("tcp", o.debug)
		if err != nil {
			closeAll(listeners)
			return fmt.Errorf("-debug: %w", err)
		}
		debugPort = port(l)
		lost := func() any { return out.lost() + logs.lost() }
		ds := httpServer(o, log, onlyHosts(l, hosts, log, debugRoutes(ws, &n, lost, health)))
		defer ds.Close()
		go func() { failed <- ds.Serve(l) }()
	}
	hs := httpServer(o, log, onlyHosts(listeners[0], hosts, log, routes(ws, &journal{w: out, quiet: o.quiet}, o.greeting, health)))
	hs.TLSConfig = tlsConfig
	hs.ConnState = ws.ConnState
	hs.Protocols = new(http.Protocols)
	hs.Protocols.SetHTTP1(true)
	if o.http2 {
		hs.Protocols.SetHTTP2(tlsConfig != nil)
		hs.Protocols.SetUnencryptedHTTP2(tlsConfig == nil)
		if err := server.HTTP2(hs); err != nil {
			closeAll(listeners)
			return err
		}
	}
	for _, l := range listeners {
		go func() {
			if tlsConfig != nil {
				failed <- hs.ServeTLS(server.BelowTLS(l), "", "")
			} else {
				failed <- hs.Serve(l)
			}
		}()
	}
	fmt.Fprintf(out, "listening on port %d\nopen %s\n", port(listeners[0]), pageURL(o.addr, port(listeners[0]), tlsConfig != nil))
	if debugPort != 0 {
		fmt.Fprintf(out, "debugging on port %d\n", debugPort)
	}
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	health.draining.Store(true)
	select {
	case err := <-failed:
		return err
	case <-time.After(o.drainDelay):
	}
	return shutdown(hs, ws, o)
}

// httpServer returns a server for h, which bounds what clients take up that have no
// WebSocket connection: the timeouts end with the upgrade.
func httpServer(o *options, log *slog.Logger, h http.Handler) *http.Server {
	return &http.Server{
		Handler:        h,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		ReadTimeout:    o.headTimeout, // of a whole request with its body, and between two
		WriteTimeout:   o.writeTimeout,
		MaxHeaderBytes: o.maxHead,
	}
}

// pageURL returns the URL of the page for a browser on this machine.
func pageURL(addr string, port int, secure bool) string {
	scheme := "http"
	if secure {
		scheme = "https"
	}
	host, _, _ := net.SplitHostPort(addr) // listen has parsed it
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return fmt.Sprintf("%s://%s/", scheme, net.JoinHostPort(host, strconv.Itoa(port)))
}

// shutdown lets everybody go. While clients do, new ones and health checks are
// answered with status 503, unless another server may listen on the port: then
// they are left to that one at once.
func shutdown(hs *http.Server, ws *server.Server, o *options) error {
	ctx, cancel := context.WithTimeout(context.Background(), o.drain)
	defer cancel()
	var plain sync.WaitGroup
	if o.reusePort {
		plain.Go(func() { stopPlain(hs) })
	}
	err := ws.Shutdown(ctx)
	plain.Go(func() { stopPlain(hs) })
	plain.Wait()
	if errors.Is(err, context.DeadlineExceeded) {
		return nil // they were told, and had their time
	}
	return err
}

// stopPlain stops accepting and ends the requests under way. They are answered at
// once, so a short while is enough.
func stopPlain(hs *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if hs.Shutdown(ctx) != nil {
		hs.Close()
	}
}

func port(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }

func closeAll(listeners []net.Listener) {
	for _, l := range listeners {
		l.Close()
	}
}

func tlsConfig(o *options) (*tls.Config, error) {
	var cert tls.Certificate
	var err error
	switch {
	case o.selfSigned:
		cert, err = selfsigned.Certificate()
	case o.cert != "":
		cert, err = tls.LoadX509KeyPair(o.cert, o.key)
	default:
		return nil, nil
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}, err
}
