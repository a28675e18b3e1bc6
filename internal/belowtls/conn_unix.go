//go:build unix

package belowtls

import (
	"io"
	"os"
	"syscall"
)

const canTry = true

// try reads once and never waits.
func (c *Conn) try(fd uintptr) bool {
	for {
		n, err := syscall.Read(int(fd), c.p)
		switch {
		case n > 0:
			c.n = n
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			c.err = errNothing
		case err != nil:
			c.err = os.NewSyscallError("read", err)
		case len(c.p) > 0:
			c.err = io.EOF
		}
		return true
	}
}
