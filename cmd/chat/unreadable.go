//go:build !plan9

package main

import (
	"errors"
	"syscall"
)

// unreadable reports whether err says that there is no input to read, rather than
// that reading it failed: nohup gives a program a standard input that is only to be
// written, and reading from a terminal that went away is an input/output error.
func unreadable(err error) bool {
	return errors.Is(err, syscall.EBADF) || errors.Is(err, syscall.EIO)
}
