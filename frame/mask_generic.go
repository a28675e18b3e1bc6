//go:build !amd64 || purego

package frame

const hasAVX2 = false

// mask masks p with a key that turn returned.
func mask(p []byte, k uint32) { maskWords(p, k) }
