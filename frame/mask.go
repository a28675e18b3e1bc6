package frame

import (
	"encoding/binary"
	"math/bits"
)

// Mask XORs p in place with key, p being what stands pos bytes after the
// beginning of the payload. It masks and unmasks alike (RFC 6455 section 5.3).
func Mask(p []byte, key [4]byte, pos int) { mask(p, turn(key, pos)) }

// turn returns the key in little-endian order, its lowest byte being for the
// byte of the payload at pos.
func turn(key [4]byte, pos int) uint32 {
	return bits.RotateLeft32(binary.LittleEndian.Uint32(key[:]), -8*(pos&3))
}

// maskWords is the portable kernel, with the key as turn returns it. It calls
// nothing, which makes it cheap to call.
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
	// The last word overlaps the one before it unless n is a multiple of 8, so
	// it's computed before and stored after. No byte is left over for a slow loop.
	tail := (*[8]byte)(p[n-8:])
	last := binary.LittleEndian.Uint64(tail[:]) ^ bits.RotateLeft64(k8, -8*(n&3))
	// With > instead of >= no slice ends up past the end of its array, which the
	// compiler would have to prevent at every step.
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

// xor32 is short enough to be inlined.
func xor32(p *[32]byte, k uint64) {
	binary.LittleEndian.PutUint64(p[0:], binary.LittleEndian.Uint64(p[0:])^k)
	binary.LittleEndian.PutUint64(p[8:], binary.LittleEndian.Uint64(p[8:])^k)
	binary.LittleEndian.PutUint64(p[16:], binary.LittleEndian.Uint64(p[16:])^k)
	binary.LittleEndian.PutUint64(p[24:], binary.LittleEndian.Uint64(p[24:])^k)
}
