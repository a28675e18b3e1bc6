//go:build !race && !poison

package websocket

const poison = false
