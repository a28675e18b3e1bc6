//go:build !purego

package frame

// mask is [Mask] with a key that has been turned. Assembly can't be preempted, so
// it gets a long payload in pieces.
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

// maskLongMin is where the call of assembly begins to pay, and its least size.
const maskLongMin = 64

// maxPiece is what one call of assembly gets, in bytes.
const maxPiece = 1 << 16

//go:noescape
func maskAVX2(p *byte, n int, k uint32)
