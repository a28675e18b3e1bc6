// Package engines has the commands of this module open any engine by its URL.
package engines

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"hawser/websocket/server"
	"hawser/websocket/server/bus/nats"
	"hawser/websocket/server/bus/redis"
)

// Schemes says which URLs Open takes.
const Schemes = `redis://, rediss:// (streams), redis+pubsub://, rediss+pubsub://, nats:// (JetStream) or nats+core://`

// Bus is a [server.Bus] that can be asked whether its engine is there.
type Bus interface {
	server.Bus
	Ping(context.Context) error
	Close() error
}

// Open returns the Bus that the scheme of the URL stands for. It doesn't wait for the
// engine. Its error doesn't have the URL in it, which may have a password.
func Open(url, prefix string) (Bus, error) {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok {
		return nil, errors.New("the URL of the engine has no scheme, such as redis://")
	}
	base, variant, _ := strings.Cut(scheme, "+")
	switch base + "+" + variant {
	case "redis+", "rediss+", "redis+pubsub", "rediss+pubsub":
		o, err := redis.ParseURL(base + "://" + rest)
		if err != nil {
			return nil, err
		}
		c := redis.Config{Options: o, Prefix: prefix}
		if variant == "pubsub" {
			return redis.NewPubSub(c), nil
		}
		return redis.NewStreams(c), nil
	case "nats+":
		b, err := nats.NewJetStream(nats.Config{URL: "nats://" + rest, Prefix: prefix}, nats.Limits{})
		if err != nil {
			return nil, errors.New("nats: malformed URL")
		}
		return b, nil
	case "nats+core":
		b, err := nats.NewCore(nats.Config{URL: "nats://" + rest, Prefix: prefix})
		if err != nil {
			return nil, errors.New("nats: malformed URL")
		}
		return b, nil
	}
	return nil, fmt.Errorf("the scheme %q of the engine's URL is none of %s", scheme, Schemes)
}
