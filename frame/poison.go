//go:build !race && !poison

package frame

const poison = false
