package runner_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hawser/websocket/cmd/conform/internal/cases"
	"hawser/websocket/cmd/conform/internal/data"
	"hawser/websocket/cmd/conform/internal/engine"
	"hawser/websocket/cmd/conform/internal/runner"
	"hawser/websocket/frame"
	"hawser/websocket/handshake"
)

// upgrade reads a request and accepts it, and then behaves as in says.
func upgrade(then func(nc net.Conn)) func(nc net.Conn) {
	return func(nc net.Conn) {
		r, err := http.ReadRequest(bufio.NewReaderSize(nc, 4096))
		if err != nil {
			return
		}
		head, _ := handshake.AppendResponse(nil, r.Header.Get("Sec-WebSocket-Key"), "", nil, nil)
		if _, err := nc.Write(head); err == nil {
			then(nc)
		}
	}
}

// hold does nothing until the other side closes.
func hold(nc net.Conn) {
	for nc.SetWriteDeadline(time.Time{}) == nil {
		time.Sleep(100 * time.Millisecond)
	}
}

func forever(nc net.Conn) { io.Copy(io.Discard, nc) }

func flood(op frame.Opcode, size int) func(nc net.Conn) {
	return upgrade(func(nc net.Conn) {
		go forever(nc)
		f := frame.Append(nil, frame.Header{Fin: true, Opcode: op}, make([]byte, size))
		for {
			if _, err := nc.Write(f); err != nil {
				return
			}
		}
	})
}

// TestBadServers: whatever a server does, it costs a case its verdict and a bounded
// time. The case after it gets its own verdict.
func TestBadServers(t *testing.T) {
	t.Parallel()
	for name, serve := range map[string]func(nc net.Conn){
		"never answers":           forever,
		"closes at once":          func(net.Conn) {},
		"answers nonsense":        func(nc net.Conn) { io.WriteString(nc, "SSH-2.0-OpenSSH_9.2\r\n\r\n") },
		"answers an endless head": func(nc net.Conn) { go forever(nc); io.Copy(nc, endless('x')) },
		"refuses": func(nc net.Conn) {
			go forever(nc)
			io.WriteString(nc, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
		},
		"trickles its answer": func(nc net.Conn) {
			go forever(nc)
			for _, b := range []byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n") {
				if _, err := nc.Write([]byte{b}); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		},
		"hangs when open":       upgrade(forever),
		"never reads when open": upgrade(hold),
		"closes when open":      upgrade(func(net.Conn) {}),
		"dies in a frame":       upgrade(func(nc net.Conn) { go forever(nc); nc.Write([]byte{0x81, 100, 'a'}) }),
		"announces 2^62 bytes": upgrade(func(nc net.Conn) {
			go forever(nc)
			nc.Write([]byte{0x82, 127, 0x40, 0, 0, 0, 0, 0, 0, 0})
			hold(nc)
		}),
		"sends an endless frame": upgrade(func(nc net.Conn) {
			go forever(nc)
			nc.Write([]byte{0x82, 127, 0, 0, 0, 0, 3, 0, 0, 0})
			io.Copy(nc, endless(0))
		}),
		"floods with pings":        flood(frame.Ping, 0),
		"floods with pongs":        flood(frame.Pong, 125),
		"floods with messages":     flood(frame.Text, 10),
		"floods with long ones":    flood(frame.Binary, 1<<20),
		"floods with reserved":     flood(3, 0),
		"floods with Close frames": flood(frame.Close, 0),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newMemory()
				good := true
				served := make(chan struct{})
				go func() {
					defer close(served)
					for {
						nc, err := l.Accept()
						if err != nil {
							return
						}
						if good = !good; good {
							upgrade(echoOne)(nc)
						} else {
							serve(nc)
						}
						nc.Close()
					}
				}()
				env := cases.Env{
					Target:   &engine.Target{URL: &url.URL{Scheme: "ws", Host: "pipe.test", Path: "/"}, DialContext: l.dial},
					Patience: 1, Data: data.New(),
				}
				all, err := cases.Select(cases.All(cases.Servers), []string{"1.1.2", "1.1.3"}, nil)
				if err != nil {
					t.Fatal(err)
				}
				var results []*cases.Result
				start := time.Now()
				c := &runner.Client{Env: env, Cases: all, Parallel: 1, Done: func(_ int, r *cases.Result) { results = append(results, r) }}
				c.Run(t.Context(), "bad")
				if took := time.Since(start); took > 20*time.Second {
					t.Errorf("it took %v", took)
				}
				l.Close()
				<-served
				if len(results) != 2 {
					t.Fatalf("%d results", len(results))
				}
				if r := results[0]; r.Passed(false) {
					t.Errorf("the bad server got %s, close %s", r.Behavior, r.BehaviorClose)
				} else if r.Text == "" || r.CloseText == "" {
					t.Error("the verdict has no reason")
				}
				if r := results[1]; !r.Passed(true) {
					t.Errorf("the good server after it got %s, close %s: %s %s", r.Behavior, r.BehaviorClose, r.Text, r.CloseText)
				}
			})
		})
	}
}

// echoOne echoes one small message and does the closing handshake, as a server.
func echoOne(nc net.Conn) {
	r := frame.NewReader(nc, frame.Rules{Role: frame.Server}, 0)
	for {
		h, err := r.Next()
		if err != nil {
			return
		}
		p, err := r.Payload()
		if err != nil {
			return
		}
		nc.Write(frame.Append(nil, frame.Header{Fin: true, Opcode: h.Opcode}, p))
		if h.Opcode == frame.Close {
			return
		}
	}
}

type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

// TestBadClients: the same the other way around, with the resources that are about
// no case.
func TestBadClients(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newMemory()
		all, err := cases.Select(cases.All(cases.Clients), []string{"1.1.2"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var results []*cases.Result
		s := &runner.Server{
			Env: cases.Env{Patience: 1, Data: data.New()}, Cases: all,
			Done:   func(_ string, _ int, r *cases.Result) { results = append(results, r) },
			Update: func(string) bool { return true },
		}
		served := make(chan error, 1)
		go func() { served <- s.Serve(t.Context(), l) }()
		const rest = " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
		for _, bad := range []struct{ request, answer string }{
			{"", ""},
			{"nonsense\r\n\r\n", "HTTP/1.1 400 "},
			{"GET /runCase?case=0&agent=a" + rest, "HTTP/1.1 404 "},
			{"GET /runCase?case=2&agent=a" + rest, "HTTP/1.1 404 "},
			{"GET /runCase?case=one&agent=a" + rest, "HTTP/1.1 404 "},
			{"GET /runCase?agent=a" + rest, "HTTP/1.1 404 "},
			{"GET /getCaseInfo" + rest, "HTTP/1.1 404 "},
			{"GET /elsewhere" + rest, "HTTP/1.1 404 "},
			{"GET /getCaseCount" + rest, "HTTP/1.1 101 "},           // hangs behind it
			{"GET /runCase?case=1&agent=a" + rest, "HTTP/1.1 101 "}, // and so does this
		} {
			nc, err := l.dial(t.Context(), "", "")
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			go io.WriteString(nc, bad.request)
			answer, _ := io.ReadAll(nc)
			nc.Close()
			if !strings.HasPrefix(string(answer), bad.answer) {
				t.Errorf("%q was answered with %q, should be %s", bad.request, answer, bad.answer)
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("%q took %v", bad.request, took)
			}
		}
		nc, err := l.dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(nc, "GET /updateReports?agent=a"+rest)
		io.Copy(io.Discard, nc)
		nc.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
		if len(results) != 1 || results[0].Passed(false) {
			t.Errorf("%d results", len(results))
		}
	})
}

// TestInterrupt: when the run is to end, cases under way end at once.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newMemory()
		served := make(chan struct{})
		go func() {
			defer close(served)
			nc, err := l.Accept()
			if err != nil {
				return
			}
			upgrade(forever)(nc)
			nc.Close()
		}()
		all, err := cases.Select(cases.All(cases.Servers), []string{"12.1.1", "12.1.2"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		all[0].Packed = false // it waits for an echo, agreement or not
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(2*time.Second, cancel)
		start := time.Now()
		c := &runner.Client{
			Env:   cases.Env{Target: target(l, l.dial), Data: data.New(), Patience: 1},
			Cases: all, Parallel: 1, Done: func(int, *cases.Result) { t.Error("a case that was cut short has a verdict") },
		}
		c.Run(ctx, "bad")
		if took := time.Since(start); took > 3*time.Second {
			t.Errorf("it took %v", took)
		}
		l.Close()
		<-served
	})
}
