package frame

import "strconv"

// Opcode says what a frame's payload is (RFC 6455 section 5.2).
type Opcode byte

// The opcodes of RFC 6455. All others are reserved: a peer that sends one
// breaks the protocol.
const (
	Continuation Opcode = 0x0
	Text         Opcode = 0x1
	Binary       Opcode = 0x2
	Close        Opcode = 0x8
	Ping         Opcode = 0x9
	Pong         Opcode = 0xA
)

// IsControl reports whether o is a control opcode, reserved ones included:
// those with the highest of their four bits set (RFC 6455 section 5.5).
func (o Opcode) IsControl() bool { return o&0x8 != 0 }

// IsReserved reports whether RFC 6455 gives o no meaning.
func (o Opcode) IsReserved() bool { return o&^0x8 > 2 }

// String returns the opcode's name, or its number for a reserved one.
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
