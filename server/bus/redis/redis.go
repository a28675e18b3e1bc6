// Package redis carries topics ([server.Topics]) over Redis or Valkey, 7.0 or later, by
// the client github.com/redis/go-redis. There are two ways:
//
//   - [Streams] keeps a history of each topic: what was accepted reaches everybody, also
//     those who were away for a while, as was the engine.
//   - [PubSub] keeps nothing: who is away when a message is sent is told of a gap.
package redis

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"hawser/websocket/server"
)

// Config says how to reach the engine.
type Config struct {
	// Options are those of the client: a server, a cluster, or one behind sentinels.
	// [ParseURL] makes some. What would have the client send a message twice, or wait
	// longer than a context allows, is overridden.
	Options *goredis.UniversalOptions
	// Prefix is what the names of keys and channels begin with. "" is "topics:".
	Prefix string
	// MaxLen is about how many messages a topic's history keeps, and MaxAge how long
	// it is kept after the latest. [PubSub] has no use for them. 0 stands for 10,000
	// messages and 24 hours.
	MaxLen int64
	MaxAge time.Duration
}

// ParseURL returns the options for a URL such as redis://user:password@host:6379/0, or
// rediss:// for TLS. Its error doesn't have the URL in it, which may have a password.
func ParseURL(url string) (*goredis.UniversalOptions, error) {
	o, err := goredis.ParseURL(url)
	if err != nil {
		return nil, errors.New("redis: malformed URL")
	}
	return &goredis.UniversalOptions{
		Addrs: []string{o.Addr}, DB: o.DB, Username: o.Username, Password: o.Password, ClientName: o.ClientName,
		TLSConfig: o.TLSConfig, Protocol: o.Protocol, PoolSize: o.PoolSize,
		DialTimeout: o.DialTimeout, ReadTimeout: o.ReadTimeout, WriteTimeout: o.WriteTimeout,
	}, nil
}

// client returns a client that does what it's told once.
func (c Config) client() goredis.UniversalClient {
	var o goredis.UniversalOptions
	if c.Options != nil {
		o = *c.Options
	}
	o.MaxRetries, o.MaxRedirects = -1, -1 // tried again by the client, a message might arrive twice
	o.DialerRetries = 1
	o.ContextTimeoutEnabled = true
	return goredis.NewUniversalClient(&o)
}

func (c Config) prefix() string {
	if c.Prefix == "" {
		return "topics:"
	}
	return c.Prefix
}

// timeout bounds what is asked of the engine on nobody's behalf.
const timeout = 5 * time.Second

// classify returns err as package server names it. sent says whether the engine may
// have carried out what err is about, if it doesn't say so itself.
func classify(err error, sent bool) error {
	if err == nil {
		return nil
	}
	var reply goredis.Error
	var op *net.OpError
	kind := server.ErrBusUnconfirmed
	switch {
	case errors.As(err, &reply) && !errors.Is(err, goredis.Nil): // an error that the engine answered
		kind = server.ErrBusUnavailable
		for _, prefix := range []string{"NOAUTH", "WRONGPASS", "NOPERM", "ERR AUTH", "ERR invalid password", "ERR Client sent AUTH"} {
			if strings.HasPrefix(reply.Error(), prefix) {
				kind = server.ErrBusDenied
			}
		}
	case !sent, errors.As(err, &op) && op.Op == "dial":
		kind = server.ErrBusUnavailable
	}
	return fmt.Errorf("%w: %w", kind, err)
}

// fate returns what became of a command in a pipeline, of which the client said err as
// a whole. Without a connection, it doesn't say it of each command.
func fate(answer *goredis.Cmd, err error) error {
	switch {
	case answer.Err() != nil:
		err = answer.Err()
	case answer.Val() != nil:
		return nil
	case err == nil:
		err = errors.New("redis: no answer")
	}
	return classify(err, true)
}

// pause waits a while, longer after each failure, or until ctx is done.
func pause(ctx context.Context, failures int) {
	select {
	case <-time.After(min(50*time.Millisecond<<min(failures, 10), time.Second)):
	case <-ctx.Done():
	}
}
