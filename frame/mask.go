package frame

import (
	"encoding/binary"
	"math/bits"
)

// Mask masks or unmasks p in place: it XORs it with key (RFC 6455 section 5.3). If p is
// a part of a payload, pos is the number of bytes that precede it there; only pos
// modulo 4 matters.
func Mask(p []byte, key [4]byte, pos int) { mask(p, turn(key, pos)) }

// turn returns the key as a little-endian number, rotated so that its lowest byte
// masks the byte at pos.
func turn(key [4]byte, pos int) uint32 {
	return bits.RotateLeft32(binary.LittleEndian.Uint32(key[:]), -8*(pos&3))
}

// maskWords masks p in portable Go, with a key that turn returned. It calls nothing
// that is not inlined, which makes it cheap for short payloads.
func maskWords(p []byte, k uint32) {
	n := len(p)
	if n < 8 {
		for i := range p {
			p[i] ^= byte(k)
			k = bits.RotateLeft32(k, -8)
		}
		return
	}
	k8 := uint64(k)<<32 | uint64(k)
	// The last 8 bytes are masked as one word, so that no byte is left over for a slow
	// loop. They may overlap the word before: they are loaded first and stored last.
	tail := (*[8]byte)(p[n-8:])
	last := binary.LittleEndian.Uint64(tail[:]) ^ bits.RotateLeft64(k8, -8*(n&3))
	// With > instead of >=, p never becomes empty here. The compiler would add code to
	// each step to keep an empty slice from pointing past the end of its array.
	for len(p) > 128 {
		q := (*[128]byte)(p)
		xor32((*[32]byte)(q[0:]), k8)
		xor32((*[32]byte)(q[32:]), k8)
		xor32((*[32]byte)(q[64:]), k8)
		xor32((*[32]byte)(q[96:]), k8)
		p = p[128:]
	}
	for len(p) > 32 {
		xor32((*[32]byte)(p), k8)
		p = p[32:]
	}
	for len(p) > 8 {
		binary.LittleEndian.PutUint64(p, binary.LittleEndian.Uint64(p)^k8)
		p = p[8:]
	}
	binary.LittleEndian.PutUint64(tail[:], last)
}

// xor32 masks 32 bytes. It is short enough to be inlined.
func xor32(p *[32]byte, k uint64) {
	binary.LittleEndian.PutUint64(p[0:], binary.LittleEndian.Uint64(p[0:])^k)
	binary.LittleEndian.PutUint64(p[8:], binary.LittleEndian.Uint64(p[8:])^k)
	binary.LittleEndian.PutUint64(p[16:], binary.LittleEndian.Uint64(p[16:])^k)
	binary.LittleEndian.PutUint64(p[24:], binary.LittleEndian.Uint64(p[24:])^k)
}
