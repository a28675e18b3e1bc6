//go:build !(linux || darwin || dragonfly || freebsd || netbsd || openbsd)

package terminal

import (
	"errors"
	"os"
)

// Is reports whether f is a terminal.
func Is(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && f.Name() != os.DevNull
}

// Elsewhere the terminal's own editing has to do.
type modes struct{ file *os.File }

func (*modes) raw() error    { return errors.ErrUnsupported }
func (*modes) restore() bool { return false }

func windowSize(*os.File) (width, height int) { return 0, 0 }

func (*Terminal) watchSignals() {}
