package frame

import "encoding/binary"

const (
	// MaxHeaderSize is the size in bytes of the longest frame header: 2 bytes, 8 of
	// length and 4 of masking key.
	MaxHeaderSize = 14
	// MaxControlPayload is the size in bytes of the longest payload of a control frame
	// (RFC 6455 section 5.5).
	MaxControlPayload = 125
)

// The reserved bits, at their place in the first byte of a frame. Extensions give them
// a meaning: Rsv1 marks a compressed message (RFC 7692 section 6).
const (
	Rsv1 byte = 0x40
	Rsv2 byte = 0x20
	Rsv3 byte = 0x10
)

// Header is the header of a frame (RFC 6455 section 5.2).
type Header struct {
	Fin    bool    // whether the frame is the last one of its message
	Rsv    byte    // the reserved bits that are set, of Rsv1 | Rsv2 | Rsv3
	Opcode Opcode  // what the payload is
	Masked bool    // whether the payload is masked with Key, as clients do
	Key    [4]byte // the masking key, if Masked; otherwise it is not sent
	Length int64   // the length of the payload in bytes, 0 to 2^63-1
}

// ParseHeader parses the header at the beginning of p and returns the header's size n
// in bytes, at most [MaxHeaderSize]. While p has only a part of it, n is 0 and err is
// nil: call it again with more. A length that is not encoded in the minimal number of
// bytes, or has its most significant bit set, is an *[Error] with
// [CodeProtocolError]. All else that can be wrong is for [Rules.Check] to find.
func ParseHeader(p []byte) (h Header, n int, err error) {
	n, err = h.parse(p)
	return h, n, err
}

// parse is [ParseHeader] with the header stored to h. Each field is stored once, and
// the caller reads fields and not the whole: a copy of the whole right after would
// have to wait until the stores are done.
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

// flags stores what the first two bytes say, apart from the length.
func (h *Header) flags(b0, b1 byte) {
	h.Fin = b0&0x80 != 0
	h.Rsv = b0 & 0x70
	h.Opcode = Opcode(b0 & 0x0f)
	h.Masked = b1&0x80 != 0
}

// short parses a header with a length below 126 and returns its size. It returns 0 for
// other lengths, and if p has fewer than 6 bytes; then parse is to be called. Most
// frames are short, and short calls nothing that is not inlined.
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

// parseLength parses a length of 2 or 8 bytes; n is the size of the header without the
// key.
func parseLength(p []byte) (length int64, n int, err error) {
	if p[1]&0x7f == 126 {
		if len(p) < 4 {
			return 0, 0, nil
		}
		length = int64(binary.BigEndian.Uint16(p[2:]))
		if length < 126 {
			return 0, 0, protocolError("5.2", "payload length %d is not encoded in the minimal number of bytes", length)
		}
		return length, 4, nil
	}
	if len(p) < 10 {
		return 0, 0, nil
	}
	u := binary.BigEndian.Uint64(p[2:])
	if u>>63 != 0 {
		return 0, 0, protocolError("5.2", "payload length %#x has its most significant bit set", u)
	}
	if u < 1<<16 {
		return 0, 0, protocolError("5.2", "payload length %d is not encoded in the minimal number of bytes", u)
	}
	return int64(u), 10, nil
}

// Append appends the header's bytes to dst, at most [MaxHeaderSize], and returns the
// extended slice. The length is encoded in the minimal number of bytes; it must not be
// negative. Whether a frame with this header is allowed is not checked.
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

// Append appends a whole frame to dst and returns the extended slice: the header h
// with the length of payload, whatever h.Length says, and the payload, masked with
// h.Key if h.Masked is set. The payload is copied, and not changed itself. It must not
// be in the part of dst that is written to.
func Append(dst []byte, h Header, payload []byte) []byte {
	return h.AppendFrame(dst, payload)
}

// AppendFrame is the function [Append] without a copy of h. It sets h.Length. It is
// low-level: see the package's documentation.
func (h *Header) AppendFrame(dst, payload []byte) []byte {
	h.Length = int64(len(payload))
	if n := len(dst); len(payload) < 126 && !h.Masked && h.Fin && cap(dst)-n >= 2+len(payload) {
		dst = dst[:n+2+len(payload)] // the short way for most frames of servers
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
