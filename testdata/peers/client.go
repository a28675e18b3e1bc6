package main

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// client is one connection of the load.
type client struct {
	nc         net.Conn
	extensions string
	overTLS    bool
}

// The handshake is the same bytes for everyone; the key is that of RFC 6455.
const clientKey = "dGhlIHNhbXBsZSBub25jZQ=="

func requestBytes(host string, compress bool) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "GET / HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n", host, clientKey)
	if compress {
		b.WriteString("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n")
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

func acceptOf(key string) string {
	h := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(h[:])
}

// dial connects to s and upgrades, unless s is the raw server.
func dial(s *proc) (*client, error) {
	nc, err := net.DialTimeout("tcp", s.addr, 10*time.Second)
	if err != nil {
		return nil, err
	}
	if s.o.TLS {
		nc = tls.Client(nc, &tls.Config{InsecureSkipVerify: true})
	}
	c := &client{nc: nc, overTLS: s.o.TLS}
	if s.o.Peer == "raw" {
		return c, nil
	}
	nc.SetDeadline(time.Now().Add(20 * time.Second))
	if err := c.upgrade(s); err != nil {
		nc.Close()
		return nil, err
	}
	nc.SetDeadline(time.Time{})
	return c, nil
}

func (c *client) upgrade(s *proc) error {
	if _, err := c.nc.Write(requestBytes(s.addr, s.o.Compress)); err != nil {
		return err
	}
	r := bufio.NewReaderSize(c.nc, 1024)
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		return fmt.Errorf("handshake: %w", err)
	}
	if res.StatusCode != 101 || res.Header.Get("Sec-WebSocket-Accept") != acceptOf(clientKey) {
		return fmt.Errorf("handshake: %s", res.Status)
	}
	if r.Buffered() > 0 {
		return fmt.Errorf("handshake: bytes behind it")
	}
	c.extensions = res.Header.Get("Sec-WebSocket-Extensions")
	if s.o.Compress && !strings.Contains(c.extensions, "permessage-deflate") {
		return fmt.Errorf("handshake: no compression (%q)", c.extensions)
	}
	return nil
}

// dialAll opens n connections, a few at a time.
func dialAll(s *proc, n int) ([]*client, error) {
	all := make([]*client, n)
	var failed error
	var once sync.Once
	var wg sync.WaitGroup
	slots := make(chan struct{}, 32)
	for i := range all {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			c, err := dial(s)
			if err != nil {
				once.Do(func() { failed = fmt.Errorf("connection %d of %d: %w", i+1, n, err) })
				return
			}
			all[i] = c
		})
	}
	wg.Wait()
	if failed != nil {
		closeAll(all)
		return nil, failed
	}
	return all, nil
}

func closeAll(all []*client) {
	for _, c := range all {
		if c != nil {
			c.nc.Close()
		}
	}
}
