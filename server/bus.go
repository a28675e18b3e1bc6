package server

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Bus carries the messages of [Topics] between processes. It is an adapter to an
// engine that exists already, such as Redis or NATS; the module
// hawser/websocket/server/bus has some, and a conformance test for others. Its
// methods may be called from any goroutine. Topics passes names that are not empty,
// not longer than [MaxTopic] bytes and UTF-8, but otherwise anything: spaces, dots and
// control characters are for the adapter to encode.
//
// What an adapter promises:
//
//   - Accepted: Publish returns nil when the engine has the message, not before. Every
//     subscription that stands by then gets it, or is told of a gap.
//   - Order: of two messages in one topic, the second published after Publish of the
//     first returned, no subscription gets the second first.
//   - Once: no subscription gets a message twice.
//   - Reconnecting: a subscription outlives the loss of the engine, for as long as it
//     takes. Where the engine keeps a history, the subscription then gets what it
//     missed. Where it does not, or no longer has all of it, the subscription gets a
//     gap, when it stands again and before the first message after it.
//   - Apart: a subscription whose function is slow holds up no other, and nobody who
//     publishes. An adapter bounds what waits for it. What doesn't fit is read again
//     from the history, or becomes a gap.
type Bus interface {
	// Publish sends data to all who have subscribed to topic, here and elsewhere. It
	// waits for the engine to accept the message, but not for those who get it. The
	// Bus may keep data, also after it has returned. Its error is, or wraps,
	// [ErrBusUnavailable] if the message was certainly not accepted and may be
	// published again, [ErrBusUnconfirmed] if it is unknown whether it was,
	// [ErrBusDenied] if the engine refuses access, and [ErrMessageSize] if the engine
	// takes no message of that size. If ctx ended meanwhile, it also wraps ctx.Err().
	Publish(ctx context.Context, topic string, data []byte) error

	// Subscribe calls f for what is published to topic, one call at a time and in
	// order, until ctx is done; one last call may still be under way then. It returns
	// when the subscription stands: what is published from there on arrives. f may
	// have been called by then.
	//
	// If after is not zero, f first gets what came after that position. If that can't
	// be had, because the history is not so long any more, is another one, or doesn't
	// exist, the first event is a gap. Otherwise the subscription begins now, and the
	// position that is returned is where: zero if the engine keeps no history.
	//
	// Its error is, or wraps, [ErrBusUnavailable] or [ErrBusDenied], or ctx.Err() if
	// ctx was done before the subscription stood. There is no subscription then.
	Subscribe(ctx context.Context, topic string, after Position, f func(Event)) (Position, error)
}

// Event is what a subscription of a [Bus] gets: a message, or a gap.
type Event struct {
	Data     []byte   // the message; not changed afterwards by either side
	Gap      bool     // there is no message here: something before this point may be missing
	Position Position // of the message or, for a gap, where the subscription goes on
}

// Errors of [Topics] and their [Bus].
var (
	// ErrBusUnavailable is that the engine can't be reached. What was to be published
	// is certainly not published.
	ErrBusUnavailable = errors.New("websocket: the engine of the topics can't be reached")
	// ErrBusUnconfirmed is that the engine was lost, or didn't answer in time, while a
	// message was under way to it. Published again it might arrive twice.
	ErrBusUnconfirmed = errors.New("websocket: the engine of the topics has not confirmed the message")
	// ErrBusDenied is that the engine refuses a password or lacks a permission, so that
	// trying again won't help.
	ErrBusDenied = errors.New("websocket: the engine of the topics refuses access")
	// ErrMessageSize is that a message is longer than the topics or their engine take.
	ErrMessageSize = errors.New("websocket: message too long for the topics")
	// ErrMessageText is that a message of type text is not UTF-8. Each member who got
	// it would have to end its connection (RFC 6455 section 8.1).
	ErrMessageText = errors.New("websocket: text message that is not UTF-8")
)

// MaxTopic is the size of the longest name of a topic, in bytes.
const MaxTopic = 200

// TopicError is that a name can't be that of a topic.
type TopicError struct {
	Topic  string
	Reason string // "empty", "too long" or "not UTF-8"
}

func (e *TopicError) Error() string {
	return fmt.Sprintf("websocket: topic %.64q: %s", e.Topic, e.Reason)
}

// CheckTopic returns a *TopicError if name is not fit for a topic, as [Topics.Join] and
// [Topics.Publish] do, for handlers that refuse it before they upgrade a request.
func CheckTopic(name string) error {
	switch {
	case name == "":
		return &TopicError{name, "empty"}
	case len(name) > MaxTopic:
		return &TopicError{name, "too long"}
	case !utf8.ValidString(name):
		return &TopicError{name, "not UTF-8"}
	}
	return nil
}
