//go:build unix && !linux

// The transport, elsewhere: two pieces of memory are written one after the other.

package websocket

import "syscall"

// writev may write less than a and b: here, only a.
func writev(fd uintptr, a, b []byte) (int, error) { return syscall.Write(int(fd), a) }
