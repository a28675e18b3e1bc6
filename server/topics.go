package server

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"unicode/utf8"

	"hawser/websocket"
)

// Topics sends messages to those connections that have joined a topic: the members of
// a room, the watchers of a share. Without a Bus these are the connections of this
// process; with one, those of all processes whose Topics have the same engine.
//
//	for m, err := range c.Messages(ctx) {
//		if err != nil || topics.Publish(ctx, "news", m) != nil {
//			return
//		}
//	}
//
// The messages of a topic have one order, which is the same for all members of a
// process. With a Bus all go through the engine, those of this process too, so it's the
// same in all processes, if the engine has one order. Nobody who is slow holds up
// others: what is for a member goes into its queue, and [Server.Slow] says what becomes
// of one whose queue is full.
//
// The zero value is ready to use. The fields must not be changed once it is in use;
// the methods may be called from any goroutine.
type Topics struct {
	// Server is whose policy for slow peers holds, and whose Logger gets the gaps.
	// Members may be connections of others too. Nil has slow ones closed with code
	// 1008, as the zero Server does.
	Server *Server
	// Bus is the engine between processes. Nil is this process only, which keeps no
	// history.
	Bus Bus
	// Encode makes what the members get of a message, a gap or a beginning. It is called
	// once for all of them, and must not keep or change d.Message.Data. For nil nothing
	// is sent. If Encode itself is nil, members get each message as it was published,
	// and are not told of gaps, which only the log has.
	Encode func(d Delivery) *websocket.Prepared
	// Degrade has members of this process go on among themselves while the engine
	// can't be reached: Join succeeds, and what Publish can't hand to the engine is
	// sent to them, while its error tells that it got to nobody else. When the engine
	// is back, members who joined meanwhile are told of a gap.
	Degrade bool
	// MaxMessage is the size of the longest message to publish, in bytes. Longer ones
	// are refused with [ErrMessageSize]. 0 is [websocket.DefaultMaxMessage], a negative
	// value no limit. The engine may have a lower one.
	MaxMessage int
	// MaxJoined is how many topics a connection can be a member of at a time. One more
	// is refused with [ErrTooManyTopics]. 0 is [DefaultMaxJoined], a negative value no
	// limit.
	MaxJoined int

	mu     sync.Mutex
	topics map[string]*topic                  // guarded by mu; those with members
	conns  map[*websocket.Conn]*participation // guarded by mu; those that are members
}

// DefaultMaxJoined is how many topics a connection can join unless [Topics.MaxJoined]
// says otherwise.
const DefaultMaxJoined = 100

// ErrTooManyTopics is that a connection is a member of [Topics.MaxJoined] topics.
var ErrTooManyTopics = errors.New("websocket: the connection has joined too many topics")

// ErrLeft is that a connection left a topic while it was joining.
var ErrLeft = errors.New("websocket: the connection left the topic while it was joining")

// Delivery is what members of a topic are to get: a message, or a gap, or, for a
// member who has just joined, the beginning, which has neither.
type Delivery struct {
	Topic string
	// Message is what was published. Its Type is 0 if there is none.
	Message websocket.Message
	// Gap tells that something before this point may be missing. There is no Message.
	Gap bool
	// Position is that of the message, or where the member goes on after a gap or
	// begins. A client that comes back with its latest Position misses nothing, or is
	// told so. It is zero if the Bus keeps no history.
	Position Position
}

// Join makes c a member of the topic. When it has returned nil, c gets all that is
// published from there on, and some that was published meanwhile, until it leaves or
// ends. With a position after, which the client of an earlier connection got in a
// [Delivery], c first gets what came after that; if this can't be had, it gets a gap.
// Join doesn't wait for that.
//
// Join waits for the engine until ctx is done. Its error is a *[TopicError],
// [ErrTooManyTopics], [ErrLeft], an error of [Bus].Subscribe, that of ctx, or, if c is
// over, a *[websocket.CloseError]; c is no member then. To join once more has no
// effect.
func (t *Topics) Join(ctx context.Context, c *websocket.Conn, name string, after Position) error {
	if err := CheckTopic(name); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("websocket: join: %w", err)
	}
	if err := c.Err(); err != nil {
		return err
	}
	m, again, err := t.enter(c, name)
	if err != nil {
		return err
	}
	if err = m.wait(ctx); err == nil && !again {
		err = m.begin(after)
	}
	if err == nil {
		return nil
	}
	if !again {
		t.leave(m)
	}
	if over := c.Err(); over != nil {
		return over
	}
	return err
}

// Leave ends c's membership. A connection that ends leaves by itself.
func (t *Topics) Leave(c *websocket.Conn, name string) {
	t.mu.Lock()
	var m *member
	if p := t.conns[c]; p != nil {
		m = p.topics[name]
	}
	t.mu.Unlock()
	if m != nil {
		t.leave(m)
	}
}

// Members returns an iterator over the connections of this process that are members
// of the topic now.
func (t *Topics) Members(name string) iter.Seq[*websocket.Conn] {
	return func(yield func(*websocket.Conn) bool) {
		for _, m := range t.find(name).snapshot() {
			if !yield(m.c) {
				return
			}
		}
	}
}

// Names returns the topics that have members in this process, sorted.
func (t *Topics) Names() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	names := make([]string, 0, len(t.topics))
	for name := range t.topics {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Publish sends m to all members of the topic; the caller need not be one. m.Data is not
// kept. Without a Bus it returns at once. With one it waits until the engine has
// accepted the message, or ctx is done, which is how an engine that is slower than
// those who publish holds them back.
//
// Its error is a *[TopicError], [ErrMessageSize], [ErrMessageText], an error of
// [Bus].Publish, or that of ctx.
func (t *Topics) Publish(ctx context.Context, name string, m websocket.Message) error {
	if err := t.checkPublish(ctx, name, m); err != nil {
		return err
	}
	if t.Bus == nil {
		t.find(name).deliver(Delivery{Topic: name, Message: m})
		return nil
	}
	err := t.Bus.Publish(ctx, name, pack(m))
	if err != nil && t.Degrade && errors.Is(err, ErrBusUnavailable) {
		t.find(name).deliver(Delivery{Topic: name, Message: m})
	}
	return err
}

func (t *Topics) checkPublish(ctx context.Context, name string, m websocket.Message) error {
	if err := CheckTopic(name); err != nil {
		return err
	}
	kind := m.Type &^ websocket.Uncompressed
	if kind != websocket.Text && kind != websocket.Binary {
		return fmt.Errorf("websocket: publish: type of message %#x is neither text nor binary", uint8(m.Type))
	}
	limit := t.MaxMessage
	if limit == 0 {
		limit = websocket.DefaultMaxMessage
	}
	if limit > 0 && len(m.Data) > limit {
		return fmt.Errorf("%w: %d bytes, of at most %d", ErrMessageSize, len(m.Data), limit)
	}
	if kind == websocket.Text && !utf8.Valid(m.Data) {
		return ErrMessageText
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("websocket: publish: %w", err)
	}
	return nil
}

// pack returns m as it is in the engine: its type as a letter, t or b, capital if it is
// not to be compressed, and its data.
func pack(m websocket.Message) []byte {
	letter := byte('t')
	if m.Type&^websocket.Uncompressed == websocket.Binary {
		letter = 'b'
	}
	if m.Type&websocket.Uncompressed != 0 {
		letter -= 'a' - 'A'
	}
	return append(append(make([]byte, 0, 1+len(m.Data)), letter), m.Data...)
}

// unpack undoes pack. What others put into the engine may not be of that form, or a
// text that would end the connections of all members.
func unpack(p []byte) (m websocket.Message, ok bool) {
	if len(p) == 0 {
		return m, false
	}
	m.Data = p[1:]
	switch p[0] {
	case 't':
		m.Type = websocket.Text
	case 'T':
		m.Type = websocket.Text | websocket.Uncompressed
	case 'b':
		m.Type = websocket.Binary
	case 'B':
		m.Type = websocket.Binary | websocket.Uncompressed
	default:
		return m, false
	}
	return m, m.Type&^websocket.Uncompressed != websocket.Text || utf8.Valid(m.Data)
}

// encode is Encode, or what stands for it.
func (t *Topics) encode(d Delivery) *websocket.Prepared {
	switch {
	case t.Encode != nil:
		return t.Encode(d)
	case d.Message.Type == 0:
		return nil
	}
	return websocket.NewPrepared(d.Message.Type, d.Message.Data)
}

// post queues p for c, with the server's policy if c is slow.
func (t *Topics) post(c *websocket.Conn, p *websocket.Prepared) error {
	if t.Server != nil {
		return t.Server.Post(c, p)
	}
	err := c.Post(p)
	if err == websocket.ErrQueueFull {
		CloseSlow.apply(c)
	}
	return err
}

func (t *Topics) logger() *slog.Logger {
	if t.Server != nil {
		return t.Server.logger()
	}
	return slog.Default()
}
