package main

import (
	"encoding/binary"
	"fmt"
)

// Opcodes and bits of a frame's first byte, as far as the load needs them.
const (
	frameText   = 1
	frameBinary = 2
	frameClose  = 8
	frameFin    = 0x80
	frameRSV1   = 0x40
)

// appendFrame appends a final frame; key, if not nil, masks it.
func appendFrame(dst []byte, first byte, key *[4]byte, payload []byte) []byte {
	return appendPart(dst, frameFin|first, key, payload)
}

// appendPart appends a frame whose first byte is given whole.
func appendPart(dst []byte, first byte, key *[4]byte, payload []byte) []byte {
	dst = append(dst, first)
	var masked byte
	if key != nil {
		masked = 0x80
	}
	switch n := len(payload); {
	case n < 126:
		dst = append(dst, masked|byte(n))
	case n < 1<<16:
		dst = binary.BigEndian.AppendUint16(append(dst, masked|126), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, masked|127), uint64(n))
	}
	if key == nil {
		return append(dst, payload...)
	}
	dst = append(dst, key[:]...)
	at := len(dst)
	dst = append(dst, payload...)
	for i := range payload {
		dst[at+i] ^= key[i&3]
	}
	return dst
}

// parser follows a stream of frames. It looks at the headers only and counts,
// so that the load costs little and the same whatever the server is. It takes
// masked frames too, for the server that echoes bytes.
type parser struct {
	want int // payload of each message; < 0: not known

	left   int // bytes of the frame still to come
	size   int // payload of the message so far
	header [14]byte
	have   int // bytes in header
	first  byte

	// collect gets the payload of the first message, unmasked, until it ended.
	collect    func(rsv1 bool, payload []byte) error
	collected  []byte
	rsv1       bool
	key        [4]byte
	masked     bool
	frameBegan int // len(collected) at the frame's begin
}

// feed takes the next bytes and returns how many messages ended in them and
// how many bytes of payload they had.
func (p *parser) feed(b []byte) (messages, bytes int, err error) {
	for {
		if p.left > 0 {
			n := min(p.left, len(b))
			if p.first&8 == 0 {
				bytes += n
				p.size += n
				if p.collect != nil {
					p.gather(b[:n])
				}
			}
			p.left -= n
			b = b[n:]
			if p.left > 0 {
				return messages, bytes, nil
			}
			done, err := p.endFrame()
			if err != nil {
				return messages, bytes, err
			}
			messages += done
		}
		if len(b) == 0 {
			return messages, bytes, nil
		}
		h := b
		if p.have > 0 || headerSize(b) == 0 { // cut in two: put it together
			n := copy(p.header[p.have:], b)
			h = p.header[:p.have+n]
			if headerSize(h) == 0 {
				p.have += n
				return messages, bytes, nil
			}
		}
		size := headerSize(h)
		p.begin(h[:size])
		b = b[size-p.have:]
		p.have = 0
		if p.left == 0 {
			done, err := p.endFrame()
			if err != nil {
				return messages, bytes, err
			}
			messages += done
		}
	}
}

// headerSize returns the size of the header that b begins with, 0 if b is too
// short to hold it.
func headerSize(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	n := 2
	switch b[1] & 0x7f {
	case 126:
		n += 2
	case 127:
		n += 8
	}
	if b[1]&0x80 != 0 {
		n += 4
	}
	if len(b) < n {
		return 0
	}
	return n
}

func (p *parser) begin(h []byte) {
	p.first = h[0]
	p.left = int(h[1] & 0x7f)
	switch p.left {
	case 126:
		p.left = int(binary.BigEndian.Uint16(h[2:]))
	case 127:
		p.left = int(binary.BigEndian.Uint64(h[2:]))
	}
	if p.masked = h[1]&0x80 != 0; p.masked {
		p.key = [4]byte(h[len(h)-4:])
	}
	p.frameBegan = len(p.collected)
	if p.first&0x0f != 0 && p.first&8 == 0 {
		p.rsv1 = p.first&frameRSV1 != 0
	}
}

// gather keeps a piece of the first message.
func (p *parser) gather(b []byte) {
	at := len(p.collected)
	p.collected = append(p.collected, b...)
	if p.masked {
		for i := at; i < len(p.collected); i++ {
			p.collected[i] ^= p.key[(i-p.frameBegan)&3]
		}
	}
}

// endFrame returns 1 if the frame was the last of a message.
func (p *parser) endFrame() (int, error) {
	switch {
	case p.first&0x0f == frameClose:
		return 0, fmt.Errorf("the server closed the connection")
	case p.first&8 != 0 || p.first&frameFin == 0:
		return 0, nil
	case p.want >= 0 && p.size != p.want:
		return 0, fmt.Errorf("echo of %d bytes instead of %d", p.size, p.want)
	}
	p.size = 0
	if p.collect != nil {
		err := p.collect(p.rsv1, p.collected)
		p.collect, p.collected = nil, nil
		return 1, err
	}
	return 1, nil
}
