//go:build !purego

package frame

// maskLong is maskWords for at least maskLongMin bytes, and with AVX2. Assembly
// can't be preempted, so it gets a long payload in pieces.
func maskLong(p []byte, k uint32) {
	for len(p) >= 2*maxPiece {
		maskAVX2(&p[0], maxPiece, k)
		p = p[maxPiece:]
	}
	maskAVX2(&p[0], len(p), k)
}

// maxPiece is what one call of assembly gets, in bytes.
const maxPiece = 1 << 16

//go:noescape
func maskAVX2(p *byte, n int, k uint32)
