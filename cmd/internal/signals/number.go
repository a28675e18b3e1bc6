//go:build !plan9

package signals

import (
	"os"
	"syscall"
)

// Number returns the number of a signal, and Numbered the signal with a number. On
// Plan 9, where notes stand for signals, there are no numbers: 0 and nil.
func Number(sig os.Signal) int {
	number, _ := sig.(syscall.Signal)
	return int(number)
}

func Numbered(number int) os.Signal { return syscall.Signal(number) }
