package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"time"

	"hawser/websocket"
	"hawser/websocket/cmd/internal/selfsigned"
	"hawser/websocket/server"
)

// serve runs the server until ctx is done and its clients have gone.
func serve(ctx context.Context, o *options, stdout, stderr io.Writer) error {
	tlsConfig, err := tlsConfig(o)
	if err != nil {
		return err
	}
	listeners, err := listen(o.addr)
	if err != nil {
		return err
	}
	ws := &server.Server{
		Config:       websocket.Config{MaxMessage: o.maxMessage, PingInterval: o.ping, Compression: o.compression()},
		Origins:      o.origins,
		Subprotocols: o.subprotocols,
	}
	if o.ping == 0 {
		ws.Config.PingInterval = -1
	}
	errorLog := log.New(stderr, "", log.LstdFlags)
	if o.quiet {
		errorLog.SetOutput(io.Discard)
	}
	hs := &http.Server{
		Handler:           routes(ws, &journal{w: stdout, quiet: o.quiet}, o.greeting),
		TLSConfig:         tlsConfig,
		ErrorLog:          errorLog,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
	if tlsConfig != nil {
		// HTTP/2 has no upgrades.
		hs.Protocols = new(http.Protocols)
		hs.Protocols.SetHTTP1(true)
	}
	failed := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() {
			if tlsConfig != nil {
				failed <- hs.ServeTLS(l, "", "")
			} else {
				failed <- hs.Serve(l)
			}
		}()
	}
	fmt.Fprintf(stdout, "listening on port %d\n", listeners[0].Addr().(*net.TCPAddr).Port)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	return shutdown(hs, ws, o.drain)
}

// shutdown stops accepting and lets everybody go. Plain requests are answered at
// once, so a short while is enough for those.
func shutdown(hs *http.Server, ws *server.Server, drain time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	plain := make(chan struct{})
	go func() {
		defer close(plain)
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if hs.Shutdown(ctx) != nil {
			hs.Close()
		}
	}()
	err := ws.Shutdown(ctx)
	<-plain
	if errors.Is(err, context.DeadlineExceeded) {
		return nil // they were told, and had their time
	}
	return err
}

// listen listens on addr. The name localhost stands for both loopback addresses,
// as a client may try only one of them.
func listen(addr string) ([]net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("-addr: %w", err)
	}
	if host != "localhost" {
		l, err := net.Listen("tcp", addr)
		return []net.Listener{l}, err
	}
	l, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return nil, err
	}
	port = strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	l6, err := net.Listen("tcp6", net.JoinHostPort("::1", port))
	if err != nil {
		if isInUse(err) {
			l.Close()
			return nil, err
		}
		return []net.Listener{l}, nil // a machine without IPv6
	}
	return []net.Listener{l, l6}, nil
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
