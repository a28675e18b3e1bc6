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
	n, err = h.parse(p)
	return h, n, err
}

// parse is [ParseHeader] into h. It stores to each field once, and whoever wants
// the header reads the fields there: a copy of the whole that comes too soon
// after would have to wait for the stores.
func (h *Header) parse(p []byte) (n int, err error) {
	if len(p) < 2 {
		return 0, nil
	}
	h.flags(p[0], p[1])
	h.Length = int64(p[1] & 0x7f)
	n = 2
	if h.Length >= 126 {
		if h.Length, n, err = parseLength(p); n == 0 {
			return 0, err
		}
	}
	if h.Masked {
		if len(p) < n+4 {
			return 0, nil
		}
		h.Key = [4]byte(p[n:])
		n += 4
	}
	return n, nil
}

func (h *Header) flags(b0, b1 byte) {
	h.Fin = b0&0x80 != 0
	h.Rsv = b0 & 0x70
	h.Opcode = Opcode(b0 & 0x0f)
	h.Masked = b1&0x80 != 0
}

// short is parse for a length below 126. It returns 0 for others, and when there
// are not at least 6 bytes. It's for the most frames, and calls nothing.
func (h *Header) short(p []byte) int {
	if len(p) < 6 || p[1]&0x7f >= 126 {
		return 0
	}
	h.flags(p[0], p[1])
	h.Length = int64(p[1] & 0x7f)
	if p[1]&0x80 == 0 {
		return 2
	}
	h.Key = [4]byte(p[2:6])
	return 6
}

// parseLength parses a length of 2 or 8 bytes. n is what precedes the key.
func parseLength(p []byte) (length int64, n int, err error) {
	if p[1]&0x7f == 126 {
		if len(p) < 4 {
			return 0, 0, nil
		}
		length = int64(binary.BigEndian.Uint16(p[2:]))
		if length < 126 {
			return 0, 0, protocolError("5.2", "length %d takes 2 more bytes than it needs", length)
		}
		return length, 4, nil
	}
	if len(p) < 10 {
		return 0, 0, nil
	}
	u := binary.BigEndian.Uint64(p[2:])
	if u>>63 != 0 {
		return 0, 0, protocolError("5.2", "length %#x has its highest bit set", u)
	}
	if u < 1<<16 {
		return 0, 0, protocolError("5.2", "length %d takes 8 more bytes than it needs", u)
	}
	return int64(u), 10, nil
}

// Append appends the header's bytes to dst, its length in the shortest form.
// The length must not be negative.
func (h Header) Append(dst []byte) []byte { return h.append(dst) }

func (h *Header) append(dst []byte) []byte {
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
	return h.AppendFrame(dst, payload)
}

// AppendFrame is the function [Append], which saves copying h. It sets h.Length.
func (h *Header) AppendFrame(dst, payload []byte) []byte {
	h.Length = int64(len(payload))
	if n := len(dst); len(payload) < 126 && !h.Masked && h.Fin && cap(dst)-n >= 2+len(payload) {
		dst = dst[:n+2+len(payload)] // as most are
		dst[n] = 0x80 | h.Rsv&0x70 | byte(h.Opcode)&0x0f
		dst[n+1] = byte(len(payload))
		copy(dst[n+2:], payload)
		return dst
	}
	dst = h.append(dst)
	dst = append(dst, payload...)
	if h.Masked {
		Mask(dst[len(dst)-len(payload):], h.Key, 0)
	}
	return dst
}
