package main

import (
	"expvar"
	"fmt"
	"net/http"
	"net/http/pprof"
	"runtime"
	"sync/atomic"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
	"hawser/websocket/server"
)

// traffic counts what goes over all connections: messages, and the bytes of their
// frames' payloads on the wire.
type traffic struct {
	in, out, bytesIn, bytesOut, pings, pongs atomic.Int64
}

func (n *traffic) trace() *websocket.Trace {
	return &websocket.Trace{
		FrameReceived: func(_ *websocket.Conn, h frame.Header) { count(h, &n.in, &n.bytesIn, &n.pings, &n.pongs) },
		FrameSent:     func(_ *websocket.Conn, h frame.Header) { count(h, &n.out, &n.bytesOut, nil, nil) },
	}
}

func count(h frame.Header, messages, bytes, pings, pongs *atomic.Int64) {
	switch h.Opcode {
	case frame.Text, frame.Binary:
		messages.Add(1)
		bytes.Add(h.Length)
	case frame.Continuation:
		bytes.Add(h.Length)
	case frame.Ping:
		if pings != nil {
			pings.Add(1)
		}
	case frame.Pong:
		if pongs != nil {
			pongs.Add(1)
		}
	}
}

func (n *traffic) snapshot() any {
	return map[string]int64{
		"messages_received": n.in.Load(),
		"messages_sent":     n.out.Load(),
		"bytes_received":    n.bytesIn.Load(),
		"bytes_sent":        n.bytesOut.Load(),
		"pings_received":    n.pings.Load(),
		"pongs_received":    n.pongs.Load(),
	}
}

// debugRoutes are for another address than the clients', as what they tell is not
// for everybody.
func debugRoutes(ws *server.Server, n *traffic, lost func() any, health http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/healthz", health)
	mux.HandleFunc("/debug/vars", func(w http.ResponseWriter, _ *http.Request) {
		writeVars(w, []expvar.KeyValue{
			{Key: "connections", Value: expvar.Func(func() any { return ws.Stats() })},
			{Key: "traffic", Value: expvar.Func(n.snapshot)},
			{Key: "lines_lost", Value: expvar.Func(lost)},
			{Key: "goroutines", Value: expvar.Func(func() any { return runtime.NumGoroutine() })},
		})
	})
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength == 0 {
			// All of the request is here. Its timeout would end the context, and with it
			// a profile that takes longer.
			http.NewResponseController(w).SetReadDeadline(time.Time{})
		}
		mux.ServeHTTP(w, r)
	})
}

// writeVars is [expvar.Handler] with more variables than the published ones: a
// name can be published only once, and tests run many servers.
func writeVars(w http.ResponseWriter, own []expvar.KeyValue) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	separator := "{\n"
	write := func(kv expvar.KeyValue) {
		fmt.Fprintf(w, "%s%q: %s", separator, kv.Key, kv.Value)
		separator = ",\n"
	}
	for _, kv := range own {
		write(kv)
	}
	expvar.Do(write)
	fmt.Fprint(w, "\n}\n")
}
