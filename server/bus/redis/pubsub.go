package redis

import (
	"context"
	"fmt"

	goredis "github.com/redis/go-redis/v9"

	"hawser/websocket/server"
	"hawser/websocket/server/bus/internal/batch"
)

// PubSub is a [server.Bus] over Redis' publish and subscribe, which keeps no history:
// what is sent while a process has lost the engine, or the engine its memory, is lost
// to it, and its members are told of a gap. A topic is a channel of the same name
// behind the prefix. Its methods may be called from any goroutine.
type PubSub struct {
	client goredis.UniversalClient
	prefix string
	hub    *hub
	pub    *batch.Publisher
}

// NewPubSub returns a PubSub. It connects when it's first used, and again as often as
// the connection is lost.
func NewPubSub(c Config) *PubSub {
	b := &PubSub{client: c.client(), prefix: c.prefix()}
	b.hub = newHub(b.client)
	b.pub = batch.New(b.send)
	return b
}

// Close ends all subscriptions and gives up the connections.
func (b *PubSub) Close() error {
	b.pub.Close()
	b.hub.close()
	return b.client.Close()
}

// Publish is that of [server.Bus].
func (b *PubSub) Publish(ctx context.Context, topic string, data []byte) error {
	return b.pub.Publish(ctx, topic, data)
}

func (b *PubSub) send(ms []*batch.Message) {
	p := b.client.Pipeline()
	answers := make([]*goredis.Cmd, len(ms))
	for i, m := range ms {
		answers[i] = goredis.NewCmd(context.Background(), "publish", b.prefix+m.Topic, m.Data)
		answers[i].SetFirstKeyPos(1) // all of a topic by one node of a cluster, in order
		p.Process(context.Background(), answers[i])
	}
	_, err := p.Exec(context.Background()) // within the client's timeouts
	for i, m := range ms {
		m.Err = fate(answers[i], err)
	}
}

// Subscribe is that of [server.Bus]. A position is told of as a gap.
func (b *PubSub) Subscribe(ctx context.Context, topic string, after server.Position, f func(server.Event)) (server.Position, error) {
	s, err := b.hub.subscribe(ctx, b.prefix+topic)
	if err != nil {
		return server.Position{}, err
	}
	go func() {
		ctx, stop := b.hub.until(ctx)
		defer stop()
		defer b.hub.unsubscribe(s)
		if !after.IsZero() {
			f(server.Event{Gap: true})
		}
		for {
			n, lost, ok := s.box.Next(ctx)
			switch {
			case !ok:
				return
			case lost, n.again:
				f(server.Event{Gap: true})
			default:
				f(server.Event{Data: []byte(n.payload)})
			}
		}
	}()
	return server.Position{}, nil
}

// Ping asks the engine for an answer. Its error is as that of [server.Bus].
func (b *PubSub) Ping(ctx context.Context) error { return ping(ctx, b.client) }

func ping(ctx context.Context, client goredis.UniversalClient) error {
	if err := classify(client.Ping(ctx).Err(), false); err != nil {
		return fmt.Errorf("websocket: ping: %w", err)
	}
	return nil
}
