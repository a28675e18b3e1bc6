//go:build unix

package redis

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"hawser/websocket/server"
	"hawser/websocket/server/bus/bustest"
)

// closable is what both kinds are.
type closable interface {
	server.Bus
	Close() error
}

// expect reads messages from a channel.
func expect(t *testing.T, events <-chan server.Event, want ...string) (last server.Position) {
	t.Helper()
	for _, w := range want {
		select {
		case e := <-events:
			if string(e.Data) != w || e.Gap {
				t.Fatalf("%q, gap %v; want %q", e.Data, e.Gap, w)
			}
			last = e.Position
		case <-time.After(20 * time.Second):
			t.Fatalf("%q doesn't come", w)
		}
	}
	return last
}

// TestCluster: topics on all nodes of a cluster work from any of them.
func TestCluster(t *testing.T) {
	t.Parallel()
	var addrs []string
	for range 3 {
		bus := bustest.FreeAddr(t) // of the nodes among themselves
		e := bustest.NewEngine(t, "redis-server", "--bind", "127.0.0.1", "--port", "PORT", "--dir", "DIR", "--save", "",
			"--cluster-enabled", "yes", "--cluster-port", bus[strings.LastIndex(bus, ":")+1:])
		e.Start(t)
		addrs = append(addrs, e.Addr)
	}
	args := append(append([]string{"--cluster", "create"}, addrs...), "--cluster-yes")
	if out, err := exec.Command("redis-cli", args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	o := &goredis.UniversalOptions{Addrs: addrs}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) { // until all nodes know
		known := 0
		for _, addr := range addrs {
			c := goredis.NewClient(&goredis.Options{Addr: addr})
			if info, _ := c.ClusterInfo(context.Background()).Result(); strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_known_nodes:3") {
				known++
			}
			c.Close()
		}
		if known == len(addrs) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the cluster doesn't get ready")
		}
	}
	for name, open := range map[string]func() closable{
		"streams": func() closable { return NewStreams(Config{Options: o}) },
		"pubsub":  func() closable { return NewPubSub(Config{Options: o}) },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			here, there := open(), open()
			defer here.Close()
			defer there.Close()
			for i := range 20 {
				topic := fmt.Sprint("a}b {c", i)
				events := make(chan server.Event, 10)
				if _, err := here.Subscribe(ctx, topic, server.Position{}, func(e server.Event) { events <- e }); err != nil {
					t.Fatal(err)
				}
				for _, m := range []string{"one", "two"} {
					if err := there.Publish(ctx, topic, []byte(m)); err != nil {
						t.Fatal(err)
					}
				}
				first := expect(t, events, "one")
				expect(t, events, "two")
				if first.IsZero() {
					continue
				}
				if _, err := there.Subscribe(ctx, topic, first, func(e server.Event) { events <- e }); err != nil {
					t.Fatal(err)
				}
				expect(t, events, "two")
			}
		})
	}
}

// TestMissedOnTheChannel: a message that is in the history and got lost on its way is
// found, also if none comes after it.
func TestMissedOnTheChannel(t *testing.T) {
	t.Parallel()
	e := bustest.NewEngine(t, "redis-server", "--bind", "127.0.0.1", "--port", "PORT", "--dir", "DIR", "--save", "")
	e.Start(t)
	b := NewStreams(Config{Options: &goredis.UniversalOptions{Addrs: []string{e.Addr}}})
	defer b.Close()
	b.look = 20 * time.Millisecond
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	events := make(chan server.Event, 10)
	at, err := b.Subscribe(ctx, "x", server.Position{}, func(e server.Event) { events <- e })
	if err != nil {
		t.Fatal(err)
	}
	keys := b.keys("x")
	next := strconv.FormatUint(at.Offset+1, 10)
	b.client.XAdd(ctx, &goredis.XAddArgs{Stream: keys[1], ID: next + "-0", Values: []any{"after", at.Offset, "data", "quiet"}})
	b.client.HSet(ctx, keys[0], "offset", next)
	expect(t, events, "quiet")
	if err := b.Publish(ctx, "x", []byte("next")); err != nil {
		t.Fatal(err)
	}
	expect(t, events, "next")
}
