package server

import (
	"errors"
	"strconv"
	"strings"
)

// Position is a place in the history of a topic, as a [Bus] with a history has one:
// right behind one message. A client that remembers the latest it got can come back
// with it and get what it missed: see [Topics.Join]. The zero Position is none.
type Position struct {
	// Epoch names the history. One that was deleted, has expired, or is in another
	// engine, is another epoch, and offsets of two epochs say nothing about each other.
	Epoch string
	// Offset grows with each message of a topic, by 1 or more.
	Offset uint64
}

// ErrPosition is that a text is not one of [Position.String].
var ErrPosition = errors.New("websocket: malformed position in a topic")

// maxEpoch is the size of the longest epoch that ParsePosition takes.
const maxEpoch = 64

// IsZero reports whether p is no position.
func (p Position) IsZero() bool { return p == Position{} }

// reached reports whether p is known to be at other or behind it.
func (p Position) reached(other Position) bool {
	return p.Epoch == other.Epoch && p.Offset >= other.Offset
}

// String returns the offset in decimal, a hyphen and the epoch. It returns "" for no
// position. In a URL it has to be escaped.
func (p Position) String() string {
	if p.IsZero() {
		return ""
	}
	return strconv.FormatUint(p.Offset, 10) + "-" + p.Epoch
}

// ParsePosition parses what [Position.String] returned, also when it comes from a
// client. The error is [ErrPosition].
func ParsePosition(s string) (Position, error) {
	if s == "" {
		return Position{}, nil
	}
	offset, epoch, ok := strings.Cut(s, "-")
	n, err := strconv.ParseUint(offset, 10, 64)
	p := Position{epoch, n}
	if !ok || err != nil || p.String() != s || len(epoch) > maxEpoch {
		return Position{}, ErrPosition
	}
	return p, nil
}

// MarshalText is [Position.String].
func (p Position) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText is [ParsePosition].
func (p *Position) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePosition(string(text))
	return err
}
