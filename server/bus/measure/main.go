// Command measure tells how many messages topics carry over an engine on this machine,
// beside what the engine carries without them:
//
//	go run ./measure -bus redis://127.0.0.1:6379
//
// It has several Topics, as several processes would, each with some members that are
// WebSocket clients over loopback, and publishes as fast as the engine accepts. All of
// it shares the machine with the engine: the figures are of the whole.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	natsgo "github.com/nats-io/nats.go"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/server"
	"hawser/websocket/server/bus/internal/engines"
)

func main() {
	l := load{}
	flag.StringVar(&l.url, "bus", "redis://127.0.0.1:6379", "URL of the engine: "+engines.Schemes)
	flag.IntVar(&l.processes, "processes", 3, "how many Topics, each with a connection to the engine of its own")
	flag.IntVar(&l.members, "members", 3, "members of each, which are WebSocket clients")
	flag.IntVar(&l.publishers, "publishers", 64, "who publish at the same time on each")
	flag.IntVar(&l.topics, "topics", 1, "topics that the publishers take turns with; members are in all")
	flag.IntVar(&l.size, "size", 128, "size of a message, in bytes")
	flag.DurationVar(&l.time, "time", 5*time.Second, "how long to measure")
	flag.Parse()
	if err := l.run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
}

type load struct {
	url                                          string
	processes, members, publishers, topics, size int
	time                                         time.Duration
}

func (l *load) run(ctx context.Context) error {
	fmt.Printf("%d processes, %d members and %d publishers each, %d topics, messages of %d bytes\n", l.processes, l.members, l.publishers, l.topics, l.size)
	for _, way := range []struct {
		name string
		f    func(context.Context) (published, delivered uint64, err error)
	}{{"members of topics, over WebSocket", l.overWebSocket}, {"subscriptions of the Bus alone", l.overBus}} {
		start := time.Now()
		published, delivered, err := way.f(ctx)
		if err != nil {
			return err
		}
		s := time.Since(start).Seconds()
		fmt.Printf("%-36s %9.0f published/s %9.0f deliveries/s\n", way.name, float64(published)/s, float64(delivered)/s)
	}
	return l.engineAlone()
}

// publish has everybody publish for a while, and counts what was accepted.
func (l *load) publish(ctx context.Context, publish []func(ctx context.Context, topic string, data []byte) error) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, l.time)
	defer cancel()
	var accepted atomic.Uint64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	for _, f := range publish {
		for i := range l.publishers {
			wg.Go(func() {
				data := make([]byte, l.size)
				for n := i; ctx.Err() == nil; n++ {
					switch err := f(ctx, topic(n%l.topics), data); {
					case err == nil:
						accepted.Add(1)
					case ctx.Err() == nil:
						failed.Store(&err)
						cancel()
					}
				}
			})
		}
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return accepted.Load(), nil
}

func topic(n int) string { return fmt.Sprint("measure ", n) }

// overBus counts the events of subscriptions.
func (l *load) overBus(ctx context.Context) (published, delivered uint64, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var count atomic.Uint64
	var publish []func(context.Context, string, []byte) error
	for range l.processes {
		b, err := engines.Open(l.url, "")
		if err != nil {
			return 0, 0, err
		}
		defer b.Close()
		for n := range l.topics {
			if _, err := b.Subscribe(ctx, topic(n), server.Position{}, func(server.Event) { count.Add(1) }); err != nil {
				return 0, 0, err
			}
		}
		publish = append(publish, b.Publish)
	}
	published, err = l.publish(ctx, publish)
	return published, count.Load(), err
}

// overWebSocket counts the messages that clients get.
func (l *load) overWebSocket(ctx context.Context) (published, delivered uint64, err error) {
	var count atomic.Uint64
	var publish []func(context.Context, string, []byte) error
	for range l.processes {
		b, err := engines.Open(l.url, "")
		if err != nil {
			return 0, 0, err
		}
		defer b.Close()
		topics := &server.Topics{Bus: b, MaxJoined: -1}
		joined := make(chan error, l.members)
		topics.Server = &server.Server{Config: websocket.Config{MaxQueue: 16 << 20}, Handler: func(ctx context.Context, c *websocket.Conn) {
			var err error
			for n := range l.topics {
				if e := topics.Join(ctx, c, topic(n), server.Position{}); e != nil {
					err = e
				}
			}
			joined <- err
			c.Read(ctx)
		}}
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return 0, 0, err
		}
		hs := &http.Server{Handler: topics.Server}
		go hs.Serve(listener)
		defer hs.Close()
		defer topics.Server.Close()
		for range l.members {
			c, err := client.Dial(ctx, "ws://"+listener.Addr().String())
			if err != nil {
				return 0, 0, err
			}
			defer c.CloseNow()
			if err := <-joined; err != nil {
				return 0, 0, err
			}
			go func() {
				for {
					if _, _, err := c.Read(ctx); err != nil {
						if ctx.Err() == nil && websocket.CloseCode(err) == 1008 {
							fmt.Fprintln(os.Stderr, "measure: a member is too slow")
						}
						return
					}
					count.Add(1)
				}
			}()
		}
		publish = append(publish, func(ctx context.Context, topic string, data []byte) error {
			return topics.Publish(ctx, topic, websocket.Message{Type: websocket.Binary, Data: data})
		})
	}
	published, err = l.publish(ctx, publish)
	return published, count.Load(), err
}

// engineAlone says what the engine does without topics: Redis by its own benchmark,
// NATS, which Debian has none of, by its client with as many publishers and subscribers.
func (l *load) engineAlone() error {
	if strings.HasPrefix(l.url, "nats") {
		return l.natsAlone()
	}
	_, rest, _ := strings.Cut(l.url, "://")
	host, port, err := net.SplitHostPort(strings.TrimSuffix(rest[strings.LastIndex(rest, "@")+1:], "/"))
	if err != nil {
		return fmt.Errorf("the engine's own benchmark needs a URL with a port and no more: %w", err)
	}
	data := strings.Repeat("x", l.size)
	for _, command := range [][]string{{"PUBLISH", "measure", data}, {"XADD", "measure:xadd", "MAXLEN", "~", "10000", "*", "data", data}} {
		args := append([]string{"-h", host, "-p", port, "-q", "-n", "300000", "-c", fmt.Sprint(l.processes), "-P", "64"}, command...)
		out, err := exec.Command("redis-benchmark", args...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("redis-benchmark: %w\n%s", err, out)
		}
		lines := strings.FieldsFunc(string(out), func(r rune) bool { return r == '\r' || r == '\n' })
		last := strings.ReplaceAll(lines[len(lines)-1], data, "DATA")
		fmt.Printf("redis-benchmark, 64 at a time, %s\n", last)
	}
	return nil
}

func (l *load) natsAlone() error {
	_, rest, _ := strings.Cut(l.url, "://")
	var count, published atomic.Uint64
	var wg sync.WaitGroup
	start := time.Now()
	for range l.processes {
		nc, err := natsgo.Connect("nats://" + rest)
		if err != nil {
			return err
		}
		defer nc.Close()
		if _, err := nc.Subscribe("measure", func(*natsgo.Msg) { count.Add(1) }); err != nil {
			return err
		}
		if err := nc.Flush(); err != nil {
			return err
		}
		wg.Go(func() {
			data := make([]byte, l.size)
			for time.Since(start) < l.time {
				for range 256 {
					nc.Publish("measure", data)
				}
				nc.Flush() // so that it doesn't run ahead of the engine
				published.Add(256)
			}
		})
	}
	wg.Wait()
	s := time.Since(start).Seconds()
	fmt.Printf("%-36s %9.0f published/s %9.0f deliveries/s\n", "the client of NATS alone", float64(published.Load())/s, float64(count.Load())/s)
	return nil
}
