package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/server"
)

// peer is an implementation that is tested, as a server, as a client or as both.
type peer struct {
	name    string
	install func(ctx context.Context) error                                // may be nil
	serve   func(ctx context.Context) (url string, stop func(), err error) // echoes
	client  func(ctx context.Context, url, agent string) error             // runs all cases of a fuzzing server
}

var peers = []*peer{
	{name: "hawser", serve: inProcess(serveHawser), client: each(echoHawser)},
	{name: "gorilla", serve: inProcess(serveGorilla), client: each(echoGorilla)},
	{name: "coder", serve: inProcess(serveCoder), client: each(echoCoder)},
	{name: "gws", serve: inProcess(serveGWS), client: each(echoGWS)},
	{name: "xnet", serve: inProcess(serveXNet), client: each(echoXNet)},
	{name: "ws", install: installWS, serve: command(node, "server.cjs"), client: script(node, "client.cjs")},
	{name: "websockets", install: installWebsockets, serve: command(pythonOf, "server.py"), client: script(pythonOf, "client.py")},
}

// maxMessage is the limit that all peers are given: the longest message of the
// suite.
const maxMessage = 16 << 20

// caseLimit bounds a case on the side of the client, so that one of them that waits
// for ever costs one verdict.
const caseLimit = time.Minute

// inProcess serves with a handler of this process.
func inProcess(handler func() http.Handler) func(context.Context) (string, func(), error) {
	return func(context.Context) (string, func(), error) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", nil, err
		}
		s := &http.Server{Handler: handler()}
		go s.Serve(l)
		return "ws://" + l.Addr().String() + "/", func() { s.Close() }, nil
	}
}

// each has a client of this process run every case.
func each(echo func(ctx context.Context, url string)) func(context.Context, string, string) error {
	return func(ctx context.Context, url, agent string) error {
		n, err := count(ctx, url)
		if err != nil {
			return err
		}
		for i := 1; i <= n && ctx.Err() == nil; i++ {
			one, cancel := context.WithTimeout(ctx, caseLimit)
			echo(one, fmt.Sprintf("%s/runCase?case=%d&agent=%s", url, i, agent))
			cancel()
		}
		return update(ctx, url, agent)
	}
}

// count asks a fuzzing server how many cases it has.
func count(ctx context.Context, url string) (n int, err error) {
	c, err := client.Dial(ctx, url+"/getCaseCount")
	if err != nil {
		return 0, err
	}
	defer c.CloseNow()
	_, p, err := c.Read(ctx)
	if err != nil {
		return 0, err
	}
	_, err = fmt.Sscan(string(p), &n)
	return n, err
}

// update has a fuzzing server write its report.
func update(ctx context.Context, url, agent string) error {
	c, err := client.Dial(ctx, url+"/updateReports?agent="+agent)
	if err != nil {
		return err
	}
	defer c.CloseNow()
	for range c.Messages(ctx) {
	}
	return ctx.Err()
}

var config = websocket.Config{MaxMessage: maxMessage, Compression: &websocket.Compression{MinSize: -1}}

func serveHawser() http.Handler {
	return &server.Server{Config: config, Handler: func(ctx context.Context, c *websocket.Conn) { echoOver(ctx, c) }}
}

func echoHawser(ctx context.Context, url string) {
	d := client.Dialer{Config: config}
	if c, _, err := d.Dial(ctx, url); err == nil {
		defer c.CloseNow()
		echoOver(ctx, c)
	}
}

func echoOver(ctx context.Context, c *websocket.Conn) {
	for m, err := range c.Messages(ctx) {
		if err != nil || c.Write(ctx, m.Type, m.Data) != nil {
			return
		}
	}
}
