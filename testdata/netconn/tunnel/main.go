// The program carries TCP through a WebSocket, as where a firewall or a proxy lets
// nothing but HTTP pass: any number of connections as streams of one multiplexer, in
// TLS from end to end, on one NetConn.
//
//	go run ./tunnel -serve localhost:8080 -to localhost:5432     # beside the database
//	go run ./tunnel -listen localhost:15432 -via ws://localhost:8080
//	psql -h localhost -p 15432
//
// Its certificate is made for this run, and the entry doesn't verify it: a real tunnel
// has a name and a certificate of its own.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"

	"github.com/xtaci/smux"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/server"
)

// exit is the end of the tunnel near the service: each stream becomes a connection to
// the address to.
func exit(to string, certificate tls.Certificate) http.Handler {
	return &server.Server{Handler: func(ctx context.Context, c *websocket.Conn) {
		conn := tls.Server(websocket.NetConn(c, websocket.Binary), &tls.Config{Certificates: []tls.Certificate{certificate}})
		defer conn.Close()
		streams, err := smux.Server(conn, nil)
		if err != nil {
			return
		}
		defer streams.Close()
		for {
			stream, err := streams.AcceptStream()
			if err != nil {
				return
			}
			go func() {
				target, err := (&net.Dialer{}).DialContext(ctx, "tcp", to)
				if err != nil {
					log.Print(err)
					stream.Close()
					return
				}
				join(stream, target)
			}()
		}
	}}
}

// enter is the end near the clients: each connection to l becomes a stream. It returns
// when l or the tunnel has ended.
func enter(ctx context.Context, l net.Listener, via string, config *tls.Config) error {
	defer l.Close()
	c, err := client.Dial(ctx, via)
	if err != nil {
		return err
	}
	conn := tls.Client(websocket.NetConn(c, websocket.Binary), config)
	defer conn.Close()
	streams, err := smux.Client(conn, nil)
	if err != nil {
		return err
	}
	defer streams.Close()
	go func() { // a tunnel that has ended accepts nobody
		<-streams.CloseChan()
		l.Close()
	}()
	for {
		from, err := l.Accept()
		if err != nil {
			return err
		}
		stream, err := streams.OpenStream()
		if err != nil {
			from.Close()
			return err
		}
		go join(stream, from)
	}
}

// join copies both ways until one side ends, as a stream of smux has no half-close.
func join(a, b io.ReadWriteCloser) {
	go func() {
		io.Copy(a, b)
		a.Close()
	}()
	io.Copy(b, a)
	b.Close()
	a.Close()
}

func main() {
	log.SetFlags(0)
	serve := flag.String("serve", "", "host:port to be the exit on")
	to := flag.String("to", "", "host:port that the exit connects to")
	listen := flag.String("listen", "", "host:port to be the entry on")
	via := flag.String("via", "", "URL of the exit")
	flag.Parse()
	var err error
	switch {
	case *serve != "" && *to != "":
		own := httptest.NewTLSServer(nil) // has a certificate for tests
		certificate := own.TLS.Certificates[0]
		own.Close()
		err = http.ListenAndServe(*serve, exit(*to, certificate))
	case *listen != "" && *via != "":
		var l net.Listener
		if l, err = net.Listen("tcp", *listen); err == nil {
			err = enter(context.Background(), l, *via, &tls.Config{InsecureSkipVerify: true})
		}
	default:
		err = errors.New("either -serve and -to, or -listen and -via")
	}
	log.Fatal(err)
}
