package redis

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"hawser/websocket/server"
	"hawser/websocket/server/bus/internal/batch"
)

// Streams is a [server.Bus] over Redis' streams. A topic is a stream, which has the
// history, a hash, which has its epoch and latest offset, and a channel, which has the
// messages arrive without anybody asking for them; the names of all three have the
// topic in braces, so that in a cluster they are on one node. Each entry of the stream
// has the offset of the one before it: what is missing shows.
//
// What Publish accepted survives the engine's death as far as its own files do:
// "appendonly yes" with "appendfsync everysec" can lose the latest second when the
// machine dies, "always" doesn't. What was lost that way is told of as a gap. Its
// methods may be called from any goroutine.
type Streams struct {
	client goredis.UniversalClient
	prefix string
	maxLen int64
	maxAge time.Duration
	look   time.Duration // how often a subscription that hears nothing looks by itself
	hub    *hub
	pub    *batch.Publisher
}

// NewStreams returns a Streams. It connects when it's first used, and again as often as
// the connection is lost.
func NewStreams(c Config) *Streams {
	b := &Streams{client: c.client(), prefix: c.prefix(), maxLen: c.MaxLen, maxAge: c.MaxAge, look: time.Minute}
	if b.maxLen <= 0 {
		b.maxLen = 10_000
	}
	if b.maxAge <= 0 {
		b.maxAge = 24 * time.Hour
	}
	b.hub = newHub(b.client)
	b.pub = batch.New(b.send)
	return b
}

// Close ends all subscriptions and gives up the connections.
func (b *Streams) Close() error {
	b.pub.Close()
	b.hub.close()
	return b.client.Close()
}

// Ping asks the engine for an answer. Its error is as that of [server.Bus].
func (b *Streams) Ping(ctx context.Context) error { return ping(ctx, b.client) }

// braces keeps a topic from ending the part of a key's name that says its node.
var braces = strings.NewReplacer("%", "%25", "}", "%7D")

// keys returns the names of the hash, and the stream. The channel has that of the hash.
func (b *Streams) keys(topic string) []string {
	key := b.prefix + "{" + braces.Replace(topic) + "}"
	return []string{key, key + ":log"}
}

// open is the part of the scripts that looks at the hash and, if it isn't there, begins
// a new epoch. Offsets grow with the time in microseconds: those that come after some
// were lost are not the same ones again.
const open = `
local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
local at = redis.call('HMGET', KEYS[1], 'offset', 'epoch')
local offset, epoch = at[1], at[2]
if not offset or not epoch then
	offset = string.format('%.0f', now)
	epoch = offset
	redis.call('DEL', KEYS[2])
	redis.call('HSET', KEYS[1], 'offset', offset, 'epoch', epoch)
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
`

// stand returns the epoch and the latest offset of a topic, and has it not expire.
var stand = goredis.NewScript(open + `
redis.call('PEXPIRE', KEYS[2], ARGV[1])
return {epoch, offset}`)

// publish appends a message and has it arrive.
var publish = goredis.NewScript(open + `
local next = string.format('%.0f', math.max(now, offset + 1))
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[2], next .. '-0', 'after', offset, 'data', ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[1])
redis.call('HSET', KEYS[1], 'offset', next)
redis.call('PUBLISH', KEYS[1], epoch .. ' ' .. next .. ' ' .. offset .. ' ' .. ARGV[3])
return next`)

// Publish is that of [server.Bus].
func (b *Streams) Publish(ctx context.Context, topic string, data []byte) error {
	return b.pub.Publish(ctx, topic, data)
}

func (b *Streams) send(ms []*batch.Message) {
	unknown := b.try(ms, func(p goredis.Pipeliner, keys []string, args ...any) *goredis.Cmd {
		return publish.EvalSha(context.Background(), p, keys, args...)
	})
	if len(unknown) > 0 { // the engine has not seen the script yet
		b.try(unknown, func(p goredis.Pipeliner, keys []string, args ...any) *goredis.Cmd {
			return publish.Eval(context.Background(), p, keys, args...)
		})
	}
}

// try sends the messages and returns those that met an engine without the script.
func (b *Streams) try(ms []*batch.Message, eval func(goredis.Pipeliner, []string, ...any) *goredis.Cmd) (unknown []*batch.Message) {
	p := b.client.Pipeline()
	answers := make([]*goredis.Cmd, len(ms))
	for i, m := range ms {
		answers[i] = eval(p, b.keys(m.Topic), b.maxAge.Milliseconds(), b.maxLen, m.Data)
	}
	_, err := p.Exec(context.Background()) // within the client's timeouts
	for i, m := range ms {
		if m.Err = fate(answers[i], err); goredis.HasErrorPrefix(answers[i].Err(), "NOSCRIPT") {
			unknown = append(unknown, m)
		}
	}
	return unknown
}

// Subscribe is that of [server.Bus].
func (b *Streams) Subscribe(ctx context.Context, topic string, after server.Position, f func(server.Event)) (server.Position, error) {
	keys := b.keys(topic)
	s, err := b.hub.subscribe(ctx, keys[0])
	if err != nil {
		return server.Position{}, err
	}
	at, err := b.stand(ctx, keys)
	if err != nil {
		b.hub.unsubscribe(s)
		if ctx.Err() != nil {
			return server.Position{}, fmt.Errorf("websocket: subscribe: %w", ctx.Err())
		}
		return server.Position{}, classify(err, false)
	}
	if !after.IsZero() {
		at = after
	}
	r := &reader{b: b, keys: keys, s: s, f: f, at: at}
	go r.run(ctx, !after.IsZero())
	return at, nil
}

// stand returns where a topic is.
func (b *Streams) stand(ctx context.Context, keys []string) (server.Position, error) {
	v, err := stand.Run(ctx, b.client, keys, b.maxAge.Milliseconds()).StringSlice()
	if err != nil {
		return server.Position{}, err
	}
	if len(v) != 2 {
		return server.Position{}, fmt.Errorf("redis: the script answers %d values", len(v))
	}
	offset, err := strconv.ParseUint(v[1], 10, 64)
	return server.Position{Epoch: v[0], Offset: offset}, err
}
