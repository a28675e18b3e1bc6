//go:build unix

package nats_test

import (
	"context"
	"testing"

	natsgo "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hawser/websocket/server"
	"hawser/websocket/server/bus/bustest"
	"hawser/websocket/server/bus/nats"
)

func newEngine(t *testing.T) *bustest.Engine {
	return bustest.NewEngine(t, "nats-server", "-a", "127.0.0.1", "-p", "PORT", "-js", "-sd", "DIR", "--user", "user", "--pass", "secret")
}

func config(addr, password string) nats.Config {
	return nats.Config{URL: "nats://user:" + password + "@" + addr}
}

func TestCore(t *testing.T) {
	t.Parallel()
	open := func(password string) func(*testing.T, string) server.Bus {
		return func(t *testing.T, addr string) server.Bus {
			b, err := nats.NewCore(config(addr, password))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { b.Close() })
			return b
		}
	}
	bustest.Run(t, bustest.Setup{New: newEngine, Open: open("secret"), Denied: open("wrong"), MaxMessage: 1 << 20})
}

func TestJetStream(t *testing.T) {
	t.Parallel()
	open := func(password string) func(*testing.T, string) server.Bus {
		return func(t *testing.T, addr string) server.Bus {
			b, err := nats.NewJetStream(config(addr, password), nats.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { b.Close() })
			return b
		}
	}
	bustest.Run(t, bustest.Setup{New: newEngine, Open: open("secret"), Denied: open("wrong"), MaxMessage: 1 << 20, History: true,
		Trim: func(t *testing.T, addr, topic string) {
			ctx := context.Background()
			nc, err := natsgo.Connect(config(addr, "secret").URL)
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			js, err := jetstream.New(nc)
			if err != nil {
				t.Fatal(err)
			}
			s, err := js.Stream(ctx, "TOPICS")
			if err == nil {
				err = s.Purge(ctx, jetstream.WithPurgeKeep(3))
			}
			if err != nil {
				t.Fatal(err)
			}
		}})
}
