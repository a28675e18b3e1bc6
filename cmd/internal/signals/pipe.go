//go:build !js && !plan9

package signals

import (
	"os"
	"syscall"
)

func init() { Pipe = []os.Signal{syscall.SIGPIPE} }
