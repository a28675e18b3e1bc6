// Package netconn holds NetConn against what users of a net.Conn count on: the
// standard library's own check, and programs that run on a net.Conn.
package netconn

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http/httptest"
	"sync"
	"testing"

	"hawser/websocket"
	"hawser/websocket/frame"
)

// certificate is that of net/http/httptest.
var certificate = sync.OnceValue(func() tls.Certificate {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	return s.TLS.Certificates[0]
})

// transports make the two ends of a connection.
var transports = map[string]func(cfg websocket.Config) (c, s *websocket.Conn, err error){
	"tcp": func(cfg websocket.Config) (c, s *websocket.Conn, err error) {
		a, b, err := tcpPair()
		if err != nil {
			return nil, nil, err
		}
		return conns(a, b, cfg)
	},
	"tls": func(cfg websocket.Config) (c, s *websocket.Conn, err error) {
		a, b, err := tcpPair()
		if err != nil {
			return nil, nil, err
		}
		return tlsConns(a, b, cfg)
	},
	"Pipe": func(cfg websocket.Config) (c, s *websocket.Conn, err error) {
		c, s = websocket.Pipe(cfg, cfg)
		return c, s, nil
	},
}

func tcpPair() (a, b net.Conn, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	defer l.Close()
	if a, err = net.Dial("tcp", l.Addr().String()); err != nil {
		return nil, nil, err
	}
	if b, err = l.Accept(); err != nil {
		a.Close()
		return nil, nil, err
	}
	return a, b, nil
}

func tlsConns(a, b net.Conn, cfg websocket.Config) (c, s *websocket.Conn, err error) {
	ta := tls.Client(a, &tls.Config{InsecureSkipVerify: true})
	tb := tls.Server(b, &tls.Config{Certificates: []tls.Certificate{certificate()}})
	done := make(chan error, 1)
	go func() { done <- ta.Handshake() }()
	if err := errors.Join(tb.Handshake(), <-done); err != nil {
		return nil, nil, err
	}
	return conns(ta, tb, cfg)
}

func conns(a, b net.Conn, cfg websocket.Config) (c, s *websocket.Conn, err error) {
	return websocket.NewConn(a, websocket.Setup{Role: frame.Client}, cfg),
		websocket.NewConn(b, websocket.Setup{Role: frame.Server}, cfg), nil
}

// streams returns the two ends of a stream over the transport of that name.
func streams(t *testing.T, transport string) (client, server net.Conn) {
	t.Helper()
	c, s, err := transports[transport](websocket.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow(); s.CloseNow() })
	return websocket.NetConn(c, websocket.Binary), websocket.NetConn(s, websocket.Binary)
}
