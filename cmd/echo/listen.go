package main

import (
	"context"
	"fmt"
	"net"
	"strconv"
)

// listen listens on addr. The name localhost stands for both loopback addresses,
// as a client may try only one of them.
func listen(addr string, reuse bool) ([]net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("-addr: %w", err)
	}
	var config net.ListenConfig
	if reuse {
		config.Control = reusePort
	}
	one := func(network, host string) (net.Listener, error) {
		return config.Listen(context.Background(), network, net.JoinHostPort(host, port))
	}
	if host != "localhost" {
		l, err := one("tcp", host)
		return []net.Listener{l}, err
	}
	l, err := one("tcp4", "127.0.0.1")
	if err != nil {
		return nil, err
	}
	port = strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	l6, err := one("tcp6", "::1")
	if err != nil {
		if isInUse(err) {
			l.Close()
			return nil, err
		}
		return []net.Listener{l}, nil // a machine without IPv6
	}
	return []net.Listener{l, l6}, nil
}
