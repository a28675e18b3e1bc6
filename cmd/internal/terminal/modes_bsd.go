//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package terminal

import "syscall"

const (
	getModes = syscall.TIOCGETA
	setModes = syscall.TIOCSETA
)

// noOtherSignals lets Ctrl-T and Ctrl-Y be keys.
func noOtherSignals(t *syscall.Termios) {
	t.Cc[syscall.VSTATUS], t.Cc[syscall.VDSUSP] = 0xFF, 0xFF
}

func sessionLeader() bool {
	id, _ := syscall.Getsid(0)
	return id == syscall.Getpid()
}
