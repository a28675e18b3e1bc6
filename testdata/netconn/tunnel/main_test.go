package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func TestConnectionsThroughATunnelReachTheService(t *testing.T) {
	t.Parallel()
	service := listen(t)
	go func() {
		for {
			c, err := service.Accept()
			if err != nil {
				return
			}
			go func() {
				io.Copy(c, c)
				c.Close()
			}()
		}
	}()
	own := httptest.NewTLSServer(nil)
	certificate := own.TLS.Certificates[0]
	own.Close()
	hs := httptest.NewServer(exit(service.Addr().String(), certificate))
	t.Cleanup(hs.Close)

	entry := listen(t)
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() {
		over <- enter(ctx, entry, strings.Replace(hs.URL, "http", "ws", 1), &tls.Config{InsecureSkipVerify: true})
	}()

	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if err := through(entry.Addr().String(), bytes.Repeat([]byte{byte(i)}, 300_000)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	cancel()
	entry.Close()
	if err := <-over; err == nil {
		t.Error("the entry ended without a reason")
	}
}

// through sends what and expects it back.
func through(addr string, what []byte) error {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	go c.Write(what)
	got := make([]byte, len(what))
	if n, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, what) {
		return fmt.Errorf("%d of %d bytes came back: %w", n, len(what), err)
	}
	return nil
}

func TestAnEntryWithoutAnExitSaysWhy(t *testing.T) {
	t.Parallel()
	nobody := listen(t)
	nobody.Close()
	entry := listen(t)
	if err := enter(t.Context(), entry, "ws://"+nobody.Addr().String(), nil); err == nil {
		t.Error("no error")
	}
}
