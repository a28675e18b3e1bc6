//go:build !js

package signals

import (
	"os"
	"syscall"
)

func init() { Hangup = []os.Signal{syscall.SIGHUP} }
