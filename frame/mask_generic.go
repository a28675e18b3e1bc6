//go:build !amd64 || purego

package frame

const hasAVX2 = false

// mask is [Mask] with a key that has been turned.
func mask(p []byte, k uint32) { maskWords(p, k) }
