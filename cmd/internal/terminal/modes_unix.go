//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package terminal

import (
	"os"
	"sync"
	"syscall"
	"unsafe"
)

// Is reports whether f is a terminal.
func Is(f *os.File) bool {
	var t syscall.Termios
	return ioctl(f, getModes, unsafe.Pointer(&t)) == nil
}

func ioctl(f *os.File, request uintptr, arg unsafe.Pointer) error {
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), request, uintptr(arg))
	if errno != 0 {
		return errno
	}
	return nil
}

// modes are those of the terminal that file is.
type modes struct {
	file  *os.File
	mu    sync.Mutex
	saved *syscall.Termios // while they are ours
}

// raw makes the terminal hand over each key as it is, and show none. The keys
// for signals stay with the kernel, so that they work whatever the program does.
func (m *modes) raw() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var t syscall.Termios
	if err := ioctl(m.file, getModes, unsafe.Pointer(&t)); err != nil {
		return err
	}
	if m.saved == nil {
		saved := t
		m.saved = &saved
	}
	t.Iflag &^= syscall.BRKINT | syscall.INPCK | syscall.ISTRIP | syscall.IXON | syscall.INLCR | syscall.IGNCR | syscall.ICRNL
	t.Lflag &^= syscall.ECHO | syscall.ICANON | syscall.IEXTEN
	t.Lflag |= syscall.ISIG
	t.Cc[syscall.VMIN], t.Cc[syscall.VTIME] = 1, 0
	noOtherSignals(&t)
	return ioctl(m.file, setModes, unsafe.Pointer(&t))
}

// restore makes the modes what they were, and reports whether they were ours.
func (m *modes) restore() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.saved == nil {
		return false
	}
	ioctl(m.file, setModes, unsafe.Pointer(m.saved))
	m.saved = nil
	return true
}

// foreground reports whether the terminal is ours to use.
func (m *modes) foreground() bool {
	var group int32
	return ioctl(m.file, syscall.TIOCGPGRP, unsafe.Pointer(&group)) == nil && int(group) == syscall.Getpgrp()
}

func windowSize(f *os.File) (width, height int) {
	var w struct{ rows, columns, x, y uint16 }
	if ioctl(f, syscall.TIOCGWINSZ, unsafe.Pointer(&w)) != nil {
		return 0, 0
	}
	return int(w.columns), int(w.rows)
}
