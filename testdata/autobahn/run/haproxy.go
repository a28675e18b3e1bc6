package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// haproxyConfig makes HTTP/2 of HTTP/1.1, or the other way round.
const haproxyConfig = `
global
	maxconn 256
defaults
	mode http
	timeout connect 10s
	timeout client 120s
	timeout server 120s
	timeout tunnel 600s
listen bridge
	bind %s %s
	server s %s %s
`

// bridgeHTTP2 runs HAProxy between addr and the address that it returns, with HTTP/2 on
// the side of whom the suite tests.
func bridgeHTTP2(ctx context.Context, addr string, toServer bool, temp string) (front string, stop func(), err error) {
	path, err := exec.LookPath("haproxy")
	if err != nil {
		path = "/usr/sbin/haproxy" // which is not in everybody's PATH
	}
	if front, err = freeAddr(); err != nil {
		return "", nil, err
	}
	bind, server := "proto h2", ""
	if toServer {
		bind, server = server, bind
	}
	file := filepath.Join(temp, "haproxy.cfg")
	if err := os.WriteFile(file, fmt.Appendf(nil, haproxyConfig, front, bind, addr, server), 0o600); err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, path, "-db", "-f", file)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		cancel()
		return "", nil, err
	}
	ended := make(chan error, 1)
	go func() {
		ended <- errors.Join(errors.New("haproxy has ended"), cmd.Wait())
		close(ended)
	}()
	stop = func() {
		cancel()
		<-ended
	}
	if err := waitFor(ctx, front, ended); err != nil {
		stop()
		return "", nil, err
	}
	return front, stop, nil
}
