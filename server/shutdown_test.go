package server_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/frame"
	"hawser/websocket/server"
)

func TestShutdown(t *testing.T) {
	t.Parallel()
	s := &server.Server{Handler: echo}
	url := start(t, s)
	var wg sync.WaitGroup
	for i := range 50 {
		c := dial(t, url)
		roundTrip(t, c, "hello")
		wg.Go(func() {
			if i%2 == 0 {
				c.Write(ctx, websocket.Text, []byte("last words"))
			}
			got := ""
			for m, err := range c.Messages(ctx) {
				if err != nil {
					t.Error(err)
				}
				got = string(m.Data)
			}
			if code := websocket.CloseCode(c.Err()); code != frame.CodeGoingAway {
				t.Error(got, c.Err())
			}
		})
	}
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	wg.Wait()
	for range s.Conns() {
		t.Error("a connection is left")
	}
	_, resp, err := new(client.Dialer).Dial(ctx, url)
	if err == nil || resp == nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Error(resp, err)
	}
}

// TestShutdownDeadline: who doesn't go is cut off.
func TestShutdownDeadline(t *testing.T) {
	t.Parallel()
	s := &server.Server{Handler: echo}
	url := start(t, s)
	_, br := rawDial(t, url, good, "")
	if resp, err := http.ReadResponse(br, nil); err != nil || resp.StatusCode != 101 {
		t.Fatal(resp, err)
	}
	short, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	if err := s.Shutdown(short); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "1 connections") {
		t.Error(err)
	}
	head := make([]byte, 4)
	if _, err := io.ReadFull(br, head); err != nil || string(head) != "\x88\x02\x03\xe9" {
		t.Errorf("% x, %v", head, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestShutdownTellsAll: more silent clients than are waited for at a time don't
// keep the others from being told, nor from getting what was accepted before.
func TestShutdownTellsAll(t *testing.T) {
	t.Parallel()
	s := &server.Server{Handler: echo, Config: websocket.Config{MaxQueue: 64 << 10}}
	url := start(t, s)
	const n = 300
	var all []*bufio.Reader
	for range n {
		_, br := rawDial(t, url, good, "")
		if resp, err := http.ReadResponse(br, nil); err != nil || resp.StatusCode != 101 {
			t.Fatal(resp, err)
		}
		all = append(all, br)
	}
	if open := s.Stats().Open; open != n {
		t.Errorf("%d connections are open", open)
	}
	s.Broadcast(websocket.NewPrepared(websocket.Text, []byte("last words")))
	own, cancel := context.WithCancel(ctx)
	ended := make(chan error)
	go func() { ended <- s.Shutdown(own) }()
	const want = "\x81\x0alast words\x88\x02\x03\xe9"
	for i, br := range all { // nobody answers
		got := make([]byte, len(want))
		if _, err := io.ReadFull(br, got); err != nil || string(got) != want {
			t.Errorf("client %d: %q, %v", i, got, err)
		}
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestShutdownRace is line R8: a handshake that is under way when Shutdown begins
// ends with 101 and then 1001, or with 503, and none is forgotten.
func TestShutdownRace(t *testing.T) {
	t.Parallel()
	for range 10 {
		s := &server.Server{Handler: echo}
		url := start(t, s)
		var wg sync.WaitGroup
		begun := make(chan bool, 100)
		for range 20 {
			wg.Go(func() {
				begun <- true
				c, resp, err := new(client.Dialer).Dial(ctx, url)
				if err != nil {
					if resp == nil || resp.StatusCode != http.StatusServiceUnavailable {
						t.Errorf("%v, %v", resp, err)
					}
					return
				}
				defer c.CloseNow()
				if _, _, err := c.Read(ctx); websocket.CloseCode(err) != frame.CodeGoingAway {
					t.Error(err)
				}
			})
		}
		for range 10 {
			<-begun
		}
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		for range s.Conns() {
			t.Error("a connection is left")
		}
		wg.Wait()
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	s := &server.Server{Handler: echo}
	c := dial(t, start(t, s))
	roundTrip(t, c, "hello")
	s.Close()
	if _, _, err := c.Read(ctx); websocket.CloseCode(err) != frame.CodeAbnormal {
		t.Error(err)
	}
}
