package websocket

import (
	"hawser/websocket/frame"
)

// MessageType says what a message's payload is (RFC 6455 section 5.6).
type MessageType byte

// The types of messages.
const (
	Text   = MessageType(frame.Text)   // UTF-8
	Binary = MessageType(frame.Binary) // anything
)

// String returns "text" or "binary".
func (t MessageType) String() string { return frame.Opcode(t).String() }

func (t MessageType) valid() bool { return t == Text || t == Binary }

// Message is one whole message.
type Message struct {
	Type MessageType
	Data []byte
}
