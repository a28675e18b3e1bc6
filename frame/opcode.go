package frame

import "strconv"

// Opcode says what the payload of a frame is (RFC 6455 section 5.2): 0 to 15.
type Opcode byte

// The opcodes of RFC 6455. The others are reserved: [Rules.Check] refuses them.
const (
	Continuation Opcode = 0x0 // a further frame of a message that Text or Binary began
	Text         Opcode = 0x1 // UTF-8
	Binary       Opcode = 0x2
	Close        Opcode = 0x8 // empty, or a close code and a reason: see ParseClose
	Ping         Opcode = 0x9
	Pong         Opcode = 0xA // the answer to a ping, with the same payload
)

// IsControl reports whether o is a control opcode, one of 8 to 15, reserved ones
// included (RFC 6455 section 5.5). Control frames may stand between the frames of a
// message, are never fragmented, and have at most [MaxControlPayload] bytes.
func (o Opcode) IsControl() bool { return o&0x8 != 0 }

// IsReserved reports whether o has no meaning in RFC 6455.
func (o Opcode) IsReserved() bool { return o&^0x8 > 2 }

// String returns the opcode's name, such as "text", or for a reserved one its number,
// such as "opcode 0x3".
func (o Opcode) String() string {
	switch o {
	case Continuation:
		return "continuation"
	case Text:
		return "text"
	case Binary:
		return "binary"
	case Close:
		return "close"
	case Ping:
		return "ping"
	case Pong:
		return "pong"
	}
	return "opcode 0x" + strconv.FormatUint(uint64(o), 16)
}
