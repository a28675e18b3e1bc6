package main

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// runHandshakes connects anew for each handshake and sends the same request.
// The connection is cut off by a reset afterwards, so that no port is left
// waiting: the server sees an error at its first read.
func runHandshakes(l load, s *proc, w window) (values, error) {
	request, accept := requestBytes(s.addr, false), []byte(acceptOf(clientKey))
	end := []byte("\r\n\r\n")
	var done atomic.Int64
	var stop atomic.Bool
	errs := make(chan error, l.conns)
	secure := &tls.Config{InsecureSkipVerify: true}
	if l.resume {
		secure.ClientSessionCache = tls.NewLRUClientSessionCache(0)
	}
	one := func(buf []byte) error {
		nc, err := net.DialTimeout("tcp", s.addr, 10*time.Second)
		if err != nil {
			return err
		}
		defer nc.Close()
		nc.(*net.TCPConn).SetLinger(0)
		nc.SetDeadline(time.Now().Add(10 * time.Second))
		if l.tls {
			nc = tls.Client(nc, secure)
		}
		if _, err := nc.Write(request); err != nil {
			return err
		}
		for n := 0; ; {
			k, err := nc.Read(buf[n:])
			if err != nil {
				return err
			}
			n += k
			if !bytes.HasSuffix(buf[:n], end) {
				continue
			}
			if s.o.Peer == "raw" {
				if !bytes.Equal(buf[:n], request) {
					return errors.New("the echo is not the request")
				}
			} else if !bytes.HasPrefix(buf[:n], []byte("HTTP/1.1 101")) || !bytes.Contains(buf[:n], accept) {
				return fmt.Errorf("answer to the handshake: %.40q", buf[:n])
			}
			return nil
		}
	}
	var wg sync.WaitGroup
	for range l.conns {
		wg.Go(func() {
			buf := make([]byte, 4<<10)
			for !stop.Load() {
				if err := one(buf); err != nil {
					errs <- err
					return
				}
				done.Add(1)
			}
		})
	}
	count := func() float64 { return float64(done.Load()) }
	time.Sleep(w.warm)
	before, err := begin(s, count)
	var v values
	if err == nil {
		time.Sleep(w.measure)
		v, err = before.end(s, count)
	}
	stop.Store(true)
	wg.Wait()
	select {
	case bad := <-errs:
		return nil, fmt.Errorf("%w%s", bad, s.said())
	default:
	}
	return v, err
}
