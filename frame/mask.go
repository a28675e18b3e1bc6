package frame

import (
	"encoding/binary"
	"math/bits"
)

// Mask XORs p in place with key, p being what stands pos bytes after the
// beginning of the payload. It masks and unmasks alike (RFC 6455 section 5.3).
func Mask(p []byte, key [4]byte, pos int) {
	k := binary.LittleEndian.Uint32(key[:])
	maskWords(p, bits.RotateLeft32(k, -8*(pos&3)))
}

// maskWords is the portable kernel. k holds the key in little-endian order,
// turned so that its lowest byte is for p[0].
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
	tail := p[n-8:]
	last := binary.LittleEndian.Uint64(tail) ^ bits.RotateLeft64(k8, -8*(n&3))
	for len(p) >= 32 {
		q := p[:32:32]
		binary.LittleEndian.PutUint64(q, binary.LittleEndian.Uint64(q)^k8)
		binary.LittleEndian.PutUint64(q[8:], binary.LittleEndian.Uint64(q[8:])^k8)
		binary.LittleEndian.PutUint64(q[16:], binary.LittleEndian.Uint64(q[16:])^k8)
		binary.LittleEndian.PutUint64(q[24:], binary.LittleEndian.Uint64(q[24:])^k8)
		p = p[32:]
	}
	for len(p) >= 8 {
		binary.LittleEndian.PutUint64(p, binary.LittleEndian.Uint64(p)^k8)
		p = p[8:]
	}
	binary.LittleEndian.PutUint64(tail, last)
}
