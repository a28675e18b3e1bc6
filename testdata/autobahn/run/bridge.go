package main

import (
	"crypto/tls"
	"io"
	"net"
	"net/http/httptest"
	"sync"
)

// bridgeToTLS returns a listener whose connections go on to addr over TLS.
func bridgeToTLS(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go bridge(l, func() (net.Conn, error) {
		return tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
	})
	return l, nil
}

// bridgeFromTLS returns a TLS listener whose connections go on to addr without.
func bridgeFromTLS(addr string) (net.Listener, error) {
	s := httptest.NewTLSServer(nil) // has a certificate
	s.Close()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: s.TLS.Certificates})
	if err != nil {
		return nil, err
	}
	go bridge(l, func() (net.Conn, error) { return net.Dial("tcp", addr) })
	return l, nil
}

func bridge(l net.Listener, dial func() (net.Conn, error)) {
	for {
		a, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer a.Close()
			b, err := dial()
			if err != nil {
				return
			}
			defer b.Close()
			var both sync.WaitGroup
			both.Go(func() { pump(a, b) })
			both.Go(func() { pump(b, a) })
			both.Wait()
		}()
	}
}

// pump copies one direction and passes its end on.
func pump(to, from net.Conn) {
	_, err := io.Copy(to, from)
	if err != nil {
		to.Close() // so was from
		return
	}
	to.(interface{ CloseWrite() error }).CloseWrite()
	if t, ok := to.(*tls.Conn); ok {
		t.NetConn().(*net.TCPConn).CloseWrite()
	}
}
