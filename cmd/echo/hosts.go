package main

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"

	"hawser/websocket/handshake"
)

// onlyHosts has h answer only requests whose Host is among hosts, localhost or an
// address, if l can be reached from this machine only. Else a page of a stranger's
// name, which is made to stand for this machine by then, would have the same origin as
// the server (DNS rebinding). A request without a Host is none of a browser's.
func onlyHosts(l net.Listener, hosts []string, log *slog.Logger, h http.Handler) http.Handler {
	if addr, ok := l.Addr().(*net.TCPAddr); !ok || !addr.IP.IsLoopback() {
		return h
	}
	var told atomic.Bool
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := handshake.CheckHost(r, hosts)
		if err == nil || r.Host == "" {
			h.ServeHTTP(w, r)
			return
		}
		level := slog.LevelDebug
		if told.CompareAndSwap(false, true) { // once, as strangers can cause it
			level = slog.LevelWarn
		}
		log.Log(r.Context(), level, "echo: refused a request for a host that is not in -hosts or -origins", "host", fmt.Sprintf("%.255s", r.Host), "remote", r.RemoteAddr)
		err.(*handshake.Refusal).ServeHTTP(w, r)
	})
}

// hostOf returns the host that is meant by an entry of -origins, which may be * and
// *.example.org like one of -hosts. "null" stands for no host.
func hostOf(origin string) string {
	_, authority, ok := strings.Cut(origin, "://")
	if !ok {
		authority = strings.TrimPrefix(origin, "null")
	}
	host, _, _ := strings.Cut(authority, ":") // addresses with more colons are allowed anyway
	return host
}

// parseHost checks an entry of -hosts.
func parseHost(s string) (string, error) {
	if s != "*" && strings.ContainsAny(strings.TrimPrefix(s, "*."), "*:/@[]") {
		return "", fmt.Errorf("%q is not the name of a host without a port, nor *.name", s)
	}
	return s, nil
}
