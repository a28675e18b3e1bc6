package terminal

import "syscall"

const (
	getModes = syscall.TCGETS
	setModes = syscall.TCSETS
)

func noOtherSignals(*syscall.Termios) {}

func sessionLeader() bool {
	id, _, _ := syscall.RawSyscall(syscall.SYS_GETSID, 0, 0, 0)
	return int(id) == syscall.Getpid()
}
