//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package main

import (
	"runtime"
	"strings"
	"syscall"
)

const canReusePort = true

// reusePort lets several sockets listen on the same port, if all are of the same
// user and say so. The system spreads new connections over them.
func reusePort(_, _ string, c syscall.RawConn) error {
	var err error
	if e := c.Control(func(fd uintptr) {
		err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, soReusePort(), 1)
	}); e != nil {
		return e
	}
	return err
}

// soReusePort is not in package syscall for all systems.
func soReusePort() int {
	switch {
	case runtime.GOOS == "freebsd":
		return 0x10000 // SO_REUSEPORT_LB, as plain SO_REUSEPORT doesn't spread
	case runtime.GOOS == "linux" && !strings.HasPrefix(runtime.GOARCH, "mips"):
		return 0xf
	}
	return 0x200
}
