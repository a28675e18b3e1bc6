//go:build !(linux || darwin || dragonfly || freebsd || netbsd || openbsd)

package main

import (
	"errors"
	"syscall"
)

const canReusePort = false

func reusePort(_, _ string, _ syscall.RawConn) error { return errors.ErrUnsupported }
