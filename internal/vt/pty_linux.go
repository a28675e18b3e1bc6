package vt

import (
	"fmt"
	"os"
	"syscall"
	"unsafe"
)

// OpenPTY opens a pseudo-terminal of that size: a program runs on terminal, and
// what it writes is read from master.
func OpenPTY(width, height int) (master, terminal *os.File, err error) {
	if master, err = os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		return nil, nil, err
	}
	var unlock, number int32
	if err = Control(master, syscall.TIOCSPTLCK, unsafe.Pointer(&unlock)); err == nil {
		err = Control(master, syscall.TIOCGPTN, unsafe.Pointer(&number))
	}
	if err == nil {
		err = ResizePTY(master, width, height)
	}
	if err == nil {
		terminal, err = os.OpenFile(fmt.Sprint("/dev/pts/", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	}
	if err != nil {
		master.Close()
		return nil, nil, err
	}
	return master, terminal, nil
}

// ResizePTY gives a pseudo-terminal another size, and tells the program.
func ResizePTY(master *os.File, width, height int) error {
	size := [4]uint16{uint16(height), uint16(width)}
	return Control(master, syscall.TIOCSWINSZ, unsafe.Pointer(&size))
}

// Control is the system call ioctl; unlike f.Fd it leaves f as it is.
func Control(f *os.File, request uintptr, arg unsafe.Pointer) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var errno syscall.Errno
	if err := c.Control(func(fd uintptr) {
		_, _, errno = syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(arg))
	}); err != nil {
		return err
	}
	if errno != 0 {
		return errno
	}
	return nil
}
