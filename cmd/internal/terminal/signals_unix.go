//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package terminal

import (
	"os"
	"os/signal"
	"syscall"
)

// watchSignals deals with the signals that are about the terminal. Those that
// end the program are its own affair.
func (t *Terminal) watchSignals() {
	ch := make(chan os.Signal, 8)
	signal.Notify(ch, syscall.SIGWINCH, syscall.SIGTSTP, syscall.SIGCONT, syscall.SIGQUIT)
	go func() {
		defer t.rescue()
		for sig := range ch {
			switch sig {
			case syscall.SIGWINCH:
				t.again()
			case syscall.SIGCONT: // also after a SIGSTOP, which nobody sees coming
				t.resume()
			case syscall.SIGTSTP:
				t.suspend()
			case syscall.SIGQUIT: // the runtime prints its stacks and exits
				t.Restore()
				signal.Reset(syscall.SIGQUIT)
				syscall.Kill(syscall.Getpid(), syscall.SIGQUIT)
			}
		}
	}()
}

// suspend gives the terminal back and stops the program until SIGCONT, unless
// nothing could wake it up again, as there is no job control. (After Notify, the
// runtime has no way back to what SIGTSTP itself would do.)
func (t *Terminal) suspend() {
	if sessionLeader() || parentGroup() == syscall.Getpgrp() {
		return
	}
	t.mu.Lock()
	t.hide()
	t.mu.Unlock()
	syscall.Kill(syscall.Getpid(), syscall.SIGSTOP)
}

func parentGroup() int {
	group, _ := syscall.Getpgid(syscall.Getppid())
	return group
}

func (t *Terminal) resume() {
	if t.modes.foreground() {
		t.show()
	}
}
