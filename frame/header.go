package frame

import "encoding/binary"

const (
	// MaxHeaderSize is the size in bytes of the longest frame header.
	MaxHeaderSize = 14
	// MaxControlPayload is the size in bytes of the longest payload that a
	// control frame may have (RFC 6455 section 5.5).
	MaxControlPayload = 125
)

// The reserved bits as they stand in [Header.Rsv].
const (
	Rsv1 byte = 0x40
	Rsv2 byte = 0x20
	Rsv3 byte = 0x10
)

// Header is what precedes a frame's payload (RFC 6455 section 5.2).
type Header struct {
	Fin    bool    // the last frame of its message
	Rsv    byte    // the reserved bits that are set: Rsv1 | Rsv2 | Rsv3
	Opcode Opcode  // what the payload is
	Masked bool    // the payload is XORed with Key
	Key    [4]byte // the masking key, if Masked
	Length int64   // of the payload, in bytes
}

// ParseHeader parses the header that p begins with and returns its size n in
// bytes. When p holds only a part of the header, n is 0 and err is nil. A
// length that is not in its shortest form, or that has its highest bit set, is
// an *[Error] with [CodeProtocolError]. [Rules] checks the rest.
func ParseHeader(p []byte) (h Header, n int, err error) {
	if len(p) < 2 {
		return h, 0, nil
	}
	h.Fin = p[0]&0x80 != 0
	h.Rsv = p[0] & 0x70
	h.Opcode = Opcode(p[0] & 0x0f)
	h.Masked = p[1]&0x80 != 0
	n = 2
	switch l := p[1] & 0x7f; l {
	default:
		h.Length = int64(l)
	case 126:
		if len(p) < 4 {
			return h, 0, nil
		}
		h.Length = int64(binary.BigEndian.Uint16(p[2:]))
		n = 4
		if h.Length < 126 {
			return h, 0, protocolError("5.2", "length %d takes 2 more bytes than it needs", h.Length)
		}
	case 127:
		if len(p) < 10 {
			return h, 0, nil
		}
		u := binary.BigEndian.Uint64(p[2:])
		n = 10
		if u>>63 != 0 {
			return h, 0, protocolError("5.2", "length %#x has its highest bit set", u)
		}
		if u < 1<<16 {
			return h, 0, protocolError("5.2", "length %d takes 8 more bytes than it needs", u)
		}
		h.Length = int64(u)
	}
	if h.Masked {
		if len(p) < n+4 {
			return h, 0, nil
		}
		h.Key = [4]byte(p[n:])
		n += 4
	}
	return h, n, nil
}

// Append appends the header's bytes to dst, its length in the shortest form.
// The length must not be negative.
func (h Header) Append(dst []byte) []byte {
	b0 := byte(h.Opcode)&0x0f | h.Rsv&0x70
	if h.Fin {
		b0 |= 0x80
	}
	var b1 byte
	if h.Masked {
		b1 = 0x80
	}
	switch {
	case h.Length < 126:
		dst = append(dst, b0, b1|byte(h.Length))
	case h.Length < 1<<16:
		dst = append(dst, b0, b1|126, byte(h.Length>>8), byte(h.Length))
	default:
		dst = append(dst, b0, b1|127)
		dst = binary.BigEndian.AppendUint64(dst, uint64(h.Length))
	}
	if h.Masked {
		dst = append(dst, h.Key[:]...)
	}
	return dst
}

// Append appends a whole frame to dst: h with the length of payload, and the
// payload, masked with h.Key if h.Masked. The payload itself is not changed.
func Append(dst []byte, h Header, payload []byte) []byte {
	h.Length = int64(len(payload))
	dst = h.Append(dst)
	dst = append(dst, payload...)
	if h.Masked {
		Mask(dst[len(dst)-len(payload):], h.Key, 0)
	}
	return dst
}
