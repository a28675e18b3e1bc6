package main

import (
	"time"
)

// load is one thing to be measured.
type load struct {
	name  string
	group string // a title in the report
	about string
	run   func(l load, s *proc, w window) (values, error)

	conns, inFlight, fragments int
	payload                    func(int) []byte // nil: binary
	opcode                     byte             // 0: binary
	size                       int
	tls, compress              bool
	resume                     bool // TLS sessions
	client, together           bool // clients are measured; they write what is in flight in one call if they can
	rate                       int  // messages a second, of all connections
	x                          int  // where it is on the axis of a growth plot
	rounds                     int  // at most so many; 0: as many as asked for
}

// window is how long to measure.
type window struct {
	warm, measure time.Duration
}

// values are the figures of one cell, by name; metrics says what they mean.
type values map[string]float64

// The names of figures.
const (
	cpu    = "cpu_ns"    // server CPU per message (delivery, handshake)
	rate   = "per_s"     // messages (deliveries, handshakes) a second
	allocs = "allocs"    // objects per message
	bytesV = "bytes"     // bytes allocated per message
	p50    = "p50_ns"    // latency
	p99    = "p99_ns"    //
	rss    = "rss"       // resident bytes per connection
	rssNow = "rss_now"   // the same before a collection
	heap   = "heap"      // bytes of heap per connection
	wire   = "wire"      // payload of an echo, compressed
	loadNS = "client_ns" // CPU of the load generator per message, to see that it's the same for all
)

func (l load) options(p peer) options {
	return options{Peer: p.name, TLS: l.tls, Compress: l.compress, MaxMessage: int64(l.size)}
}

// can reports whether p can be measured under l.
func (l load) can(p peer) bool {
	return (!l.compress || p.compress != "") && (!l.client || p.client != nil)
}

// costsNoMessages reports whether l is about handshakes or memory.
func (l load) costsNoMessages() bool { return l.group == connect || l.group == idle }

// loads are all that there is to measure, in the order of the report.
var loads = allLoads()

// The groups of loads. Each is a part of the report and a picture.
const (
	small     = "Small messages"
	medium    = "1 KB and 16 KB"
	large     = "Large messages"
	overTLS   = "Over TLS"
	clients   = "Clients"
	latencies = "Latency at a fixed rate"
	deflated  = "Compression"
	cast      = "Broadcast"
	connect   = "Handshakes"
	idle      = "Memory of idle connections"
	byConns   = "Growth with connections"
	bySize    = "Growth with message size"
)

func allLoads() []load {
	const kib, mib = 1 << 10, 1 << 20
	all := []load{
		{name: "125b-16", group: small, about: "125 B binary, 64 connections, 16 in flight on each", run: runEcho, conns: 64, inFlight: 16, size: 125},
		{name: "125b-1", group: small, about: "125 B binary, 64 connections, 1 in flight on each", run: runEcho, conns: 64, inFlight: 1, size: 125},
		{name: "1k-binary", group: medium, about: "1 KiB binary, 64 connections, 8 in flight", run: runEcho, conns: 64, inFlight: 8, size: kib},
		{name: "1k-text", group: medium, about: "1 KiB ASCII text, 64 connections, 8 in flight", run: runEcho, conns: 64, inFlight: 8, size: kib, opcode: frameText, payload: asciiText},
		{name: "1k-fragments", group: medium, about: "1 KiB non-ASCII text in 4 fragments, 64 connections, 8 in flight", run: runEcho, conns: 64, inFlight: 8, size: kib, opcode: frameText, payload: wideText, fragments: 4},
		{name: "16k", group: medium, about: "16 KiB binary, 16 connections, 4 in flight", run: runEcho, conns: 16, inFlight: 4, size: 16 * kib},
		{name: "1m", group: large, about: "1 MiB binary, 4 connections, 1 in flight", run: runEcho, conns: 4, inFlight: 1, size: mib},
		{name: "16m", group: large, about: "16 MiB binary, 2 connections, 1 in flight", run: runEcho, conns: 2, inFlight: 1, size: 16 * mib},
		{name: "tls-125b-16", group: overTLS, about: "125 B binary over TLS, 64 connections, 16 in flight on each", run: runEcho, conns: 64, inFlight: 16, size: 125, tls: true},
		{name: "tls-125b-1", group: overTLS, about: "125 B binary over TLS, 64 connections, 1 in flight on each", run: runEcho, conns: 64, inFlight: 1, size: 125, tls: true},
		{name: "tls-1k", group: overTLS, about: "1 KiB binary over TLS, 64 connections, 8 in flight", run: runEcho, conns: 64, inFlight: 8, size: kib, tls: true},
		{name: "tls-16k", group: overTLS, about: "16 KiB binary over TLS, 16 connections, 4 in flight", run: runEcho, conns: 16, inFlight: 4, size: 16 * kib, tls: true},
		{name: "tls-1m", group: overTLS, about: "1 MiB binary over TLS, 4 connections, 1 in flight", run: runEcho, conns: 4, inFlight: 1, size: mib, tls: true},
		{name: "tls-broadcast", group: overTLS, about: "125 B to 500 connections over TLS, 8 messages in a row, then the next 8 when all have arrived", run: runBroadcast, conns: 500, inFlight: 8, size: 125, tls: true},
		{name: "client-1", group: clients, about: "125 B binary, 64 connections, 1 in flight on each", run: runClient, conns: 64, inFlight: 1, size: 125, client: true},
		{name: "client-16", group: clients, about: "125 B binary, 64 connections, 16 written one by one, then their echoes read", run: runClient, conns: 64, inFlight: 16, size: 125, client: true},
		{name: "client-batch", group: clients, about: "the same, the 16 written in one call by libraries that have one", run: runClient, conns: 64, inFlight: 16, size: 125, client: true, together: true},
		{name: "client-16k", group: clients, about: "16 KiB binary, 16 connections, 1 in flight", run: runClient, conns: 16, inFlight: 1, size: 16 * kib, client: true},
		{name: "client-1m", group: clients, about: "1 MiB binary, 4 connections, 1 in flight", run: runClient, conns: 4, inFlight: 1, size: mib, client: true},
		{name: "client-dial", group: clients, about: "dial and cut off; 8 at a time", run: runClient, conns: 8, client: true},
		{name: "latency", group: latencies, about: "125 B, 64 connections, 10,000 messages a second together", run: runLatency, conns: 64, size: 125, rate: 10000},
		{name: "deflate-1k", group: deflated, about: "1 KiB JSON, 64 connections, 8 in flight, context takeover if the server has it", run: runEcho, conns: 64, inFlight: 8, size: kib, compress: true},
		{name: "broadcast", group: cast, about: "125 B to 500 connections, 8 messages in a row, then the next 8 when all have arrived", run: runBroadcast, conns: 500, inFlight: 8, size: 125},
		{name: "broadcast-1", group: cast, about: "125 B to 500 connections, 1 message at a time", run: runBroadcast, conns: 500, inFlight: 1, size: 125},
		{name: "handshake", group: connect, about: "connect, upgrade, cut off; 8 at a time", run: runHandshakes, conns: 8},
		{name: "tls-handshake", group: connect, about: "the same over TLS, a full handshake each", run: runHandshakes, conns: 8, tls: true},
		{name: "tls-resumed", group: connect, about: "the same over TLS, resuming the session of the last", run: runHandshakes, conns: 8, tls: true, resume: true},
		{rounds: 3, name: "idle", group: idle, about: "10,000 idle connections after one 125 B echo each", run: runIdle, conns: 10000, inFlight: 1, size: 125},
		{rounds: 3, name: "idle-19k", group: idle, about: "19,000 idle connections after one 125 B echo each", run: runIdle, conns: 19000, inFlight: 1, size: 125},
		{rounds: 3, name: "idle-tls", group: idle, about: "10,000 idle connections with TLS after one 125 B echo each", run: runIdle, conns: 10000, inFlight: 1, size: 125, tls: true},
		{rounds: 3, name: "idle-deflate", group: idle, about: "10,000 idle connections with compression after one 1 KiB echo each", run: runIdle, conns: 10000, inFlight: 1, size: kib, compress: true},
	}
	for _, n := range []int{1, 10, 100, 1000, 10000, 19000} {
		all = append(all, load{name: "conns-" + short(n), group: byConns, run: runEcho, about: short(n) + " connections, 125 B, 1 in flight",
			conns: n, inFlight: 1, size: 125, x: n})
	}
	for _, n := range []int{16, 125, kib, 4 * kib, 16 * kib, 64 * kib, 256 * kib, mib, 16 * mib} {
		conns := 16
		if n > 64*kib {
			conns = 4
		}
		if n > mib {
			conns = 2
		}
		all = append(all, load{name: "size-" + short(n), group: bySize, run: runEcho, about: short(n) + "B, 1 in flight on " + short(conns) + " connections",
			conns: conns, inFlight: 1, size: n, x: n})
	}
	return all
}

// traffic is what l sends to a server that agreed to c's extensions.
func (l load) traffic(c *client) (*traffic, error) {
	inFlight := max(1, l.inFlight)
	if l.compress {
		n, err := together(c.extensions)
		if err != nil {
			return nil, err
		}
		return compressed(inFlight, n)
	}
	payload, opcode := l.payload, l.opcode
	if payload == nil {
		payload = binaryPayload
	}
	if opcode == 0 {
		opcode = frameBinary
	}
	return plain(opcode, payload(l.size), inFlight, max(1, l.fragments)), nil
}

// short is n as a person writes it: 125, 4K, 16M; thousands only by 1024.
func short(n int) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return itoa(n>>20) + "M"
	case n >= 1<<10 && n%(1<<10) == 0:
		return itoa(n>>10) + "K"
	}
	return itoa(n)
}
