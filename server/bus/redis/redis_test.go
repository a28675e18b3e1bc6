//go:build unix

package redis_test

import (
	"context"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"hawser/websocket/server"
	"hawser/websocket/server/bus/bustest"
	"hawser/websocket/server/bus/redis"
)

// options are those of a client that knows the password, unless it's another one.
func options(addr, password string) *goredis.UniversalOptions {
	return &goredis.UniversalOptions{Addrs: []string{addr}, Password: password}
}

// newEngine has all that a reply accepted written to its file before the reply.
func newEngine(t *testing.T) *bustest.Engine {
	return bustest.NewEngine(t, "redis-server", "--bind", "127.0.0.1", "--port", "PORT", "--dir", "DIR", "--save", "",
		"--appendonly", "yes", "--appendfsync", "always", "--requirepass", "secret")
}

func TestPubSub(t *testing.T) {
	t.Parallel()
	open := func(password string) func(*testing.T, string) server.Bus {
		return func(t *testing.T, addr string) server.Bus {
			b := redis.NewPubSub(redis.Config{Options: options(addr, password)})
			t.Cleanup(func() { b.Close() })
			return b
		}
	}
	bustest.Run(t, bustest.Setup{New: newEngine, Open: open("secret"), Denied: open("wrong")})
}

func TestStreams(t *testing.T) {
	t.Parallel()
	open := func(password string) func(*testing.T, string) server.Bus {
		return func(t *testing.T, addr string) server.Bus {
			b := redis.NewStreams(redis.Config{Options: options(addr, password)})
			t.Cleanup(func() { b.Close() })
			return b
		}
	}
	bustest.Run(t, bustest.Setup{New: newEngine, Open: open("secret"), Denied: open("wrong"), History: true,
		Trim: func(t *testing.T, addr, topic string) {
			c := goredis.NewUniversalClient(options(addr, "secret"))
			defer c.Close()
			if err := c.XTrimMaxLen(context.Background(), "topics:{"+topic+"}:log", 3).Err(); err != nil {
				t.Fatal(err)
			}
		}})
}
