//go:build !purego

package frame

// mask masks p with a key that turn returned. The runtime can't preempt assembly, so a
// long payload is passed to it in parts.
func mask(p []byte, k uint32) {
	if len(p) < maskLongMin || !hasAVX2 {
		maskWords(p, k)
		return
	}
	for len(p) >= 2*maxPiece {
		maskAVX2(&p[0], maxPiece, k)
		p = p[maxPiece:]
	}
	maskAVX2(&p[0], len(p), k)
}

// maskLongMin is the least number of bytes that maskAVX2 takes. It pays from there on.
const maskLongMin = 64

// maxPiece is the number of bytes that are passed to assembly in one call, at most
// twice as many at the end.
const maxPiece = 1 << 16

// maskAVX2 masks the n bytes from p on, at least maskLongMin, with the key k.
//
//go:noescape
func maskAVX2(p *byte, n int, k uint32)
