package main

import (
	"errors"
	"syscall"
)

// unreadable is as elsewhere, where EBADF is an error with a number.
func unreadable(err error) bool { return errors.Is(err, syscall.EIO) }
