// The API: what a message is.

package websocket

import (
	"fmt"
	"unicode/utf8"

	"hawser/websocket/frame"
)

// MessageType says what a message's payload is (RFC 6455 section 5.6).
type MessageType byte

// The types of messages.
const (
	Text   = MessageType(frame.Text)   // UTF-8
	Binary = MessageType(frame.Binary) // anything
)

// Uncompressed can be added to the type of a message to write, as in
// Text|Uncompressed, to have it sent as it is even if compression is on, for
// instance because it has a secret: see [Compression].
const Uncompressed MessageType = 0x80

// String returns "text" or "binary", also of a type that is [Uncompressed].
func (t MessageType) String() string { return t.opcode().String() }

func (t MessageType) valid() bool { t &^= Uncompressed; return t == Text || t == Binary }

func (t MessageType) opcode() frame.Opcode { return frame.Opcode(t &^ Uncompressed) }

// errType is the error of a call that is to write a message of type t.
func errType(t MessageType) error {
	return fmt.Errorf("websocket: message type %d is neither Text nor Binary", t)
}

// wholeRunes returns the length of p without the beginning of a character at its end.
func wholeRunes(p []byte) int {
	for i := len(p) - 1; i >= 0 && i >= len(p)-3; i-- {
		if utf8.RuneStart(p[i]) {
			if !utf8.FullRune(p[i:]) {
				return i
			}
			break
		}
	}
	return len(p)
}

// Message is one whole message.
type Message struct {
	Type MessageType
	Data []byte
}

// Clone returns a copy of m that belongs to the caller: what [Conn.Messages] yields is
// valid only until the loop goes on.
func (m Message) Clone() Message {
	return Message{m.Type, append(make([]byte, 0, len(m.Data)), m.Data...)}
}
