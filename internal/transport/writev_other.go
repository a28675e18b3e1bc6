//go:build unix && !linux

package transport

import "syscall"

// writev may write less than a and b: here, only a.
func writev(fd uintptr, a, b []byte) (int, error) { return syscall.Write(int(fd), a) }
