package main

import (
	"errors"
	"syscall"
)

func isInUse(err error) bool {
	const wsaeAddrInUse = syscall.Errno(10048)
	return errors.Is(err, wsaeAddrInUse)
}
