//go:build !amd64 || purego

package frame

const hasAVX2 = false

func maskLong(p []byte, k uint32) { maskWords(p, k) }
