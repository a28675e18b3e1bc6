package transport

import (
	"syscall"
	"unsafe"
)

// writev writes a and b, neither of them empty, in one system call.
func writev(fd uintptr, a, b []byte) (int, error) {
	v := [2]syscall.Iovec{{Base: &a[0]}, {Base: &b[0]}}
	v[0].SetLen(len(a))
	v[1].SetLen(len(b))
	n, _, err := syscall.Syscall(syscall.SYS_WRITEV, fd, uintptr(unsafe.Pointer(&v[0])), uintptr(len(v)))
	if err != 0 {
		return -1, err
	}
	return int(n), nil
}
