package terminal

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

const (
	maxHistory      = 1000      // lines
	maxHistoryLine  = 4 << 10   // bytes; longer ones are not kept in the file
	maxHistoryBytes = 512 << 10 // of the file, before it's cut to maxHistory lines
)

// History is the lines typed before, in memory and, if it has a file, there too.
type History struct {
	lines []string
	file  string
}

// OpenHistory returns the history that file has. Without a file, "", it lasts as
// long as the program. Of an error, the History that comes with it is good to use
// without a file.
//
// Several programs may have the same file: each line is appended by one write.
// Only its owner can read the file, whatever its mode was before.
func OpenHistory(file string) (*History, error) {
	h := &History{file: file}
	if file == "" {
		return h, nil
	}
	err := h.load()
	if err != nil {
		h.file = ""
	}
	return h, err
}

func (h *History) load() error {
	if err := os.MkdirAll(filepath.Dir(h.file), 0o700); err != nil {
		return err
	}
	// The file may be a symbolic link to where the user really keeps it.
	if file, err := filepath.EvalSymlinks(h.file); err == nil {
		h.file = file
	}
	f, err := openRegular(h.file, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 != 0 {
		f.Chmod(0o600) // it fails where the file is somebody else's affair
	}
	skip := max(0, info.Size()-maxHistoryBytes)
	text, err := io.ReadAll(io.NewSectionReader(f, skip, maxHistoryBytes))
	if err != nil {
		return err
	}
	lines := strings.Split(string(text), "\n")
	if skip > 0 {
		lines = lines[1:] // half a line
	}
	for _, line := range lines {
		if utf8.ValidString(line) {
			h.remember(line)
		}
	}
	if skip == 0 {
		return nil
	}
	return h.rewrite()
}

// rewrite replaces the file by one that has the lines in memory. What another
// program appends just now may be lost; nothing else can be. The new file is one
// that nobody can have planted: it has a random name and must not exist before.
func (h *History) rewrite() error {
	f, err := os.CreateTemp(filepath.Dir(h.file), filepath.Base(h.file)+".*")
	if err != nil {
		return err
	}
	_, err = f.WriteString(strings.Join(h.lines, "\n") + "\n")
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(f.Name(), h.file)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// openRegular opens a regular file. Opening something else, such as a FIFO, could
// wait for ever.
func openRegular(name string, flags int) (*os.File, error) {
	info, err := os.Stat(name)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return nil, errors.New(name + " is not a regular file")
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	return os.OpenFile(name, flags, 0o600)
}

// remember keeps line in memory, and reports whether it's new.
func (h *History) remember(line string) bool {
	if line == "" || len(h.lines) > 0 && h.lines[len(h.lines)-1] == line {
		return false
	}
	if len(h.lines) == maxHistory {
		h.lines = h.lines[1:]
	}
	h.lines = append(h.lines, line)
	return true
}

// Add adds a line that was typed. One that begins with a space is forgotten with
// the program, as in a shell, and so is a message of several lines.
func (h *History) Add(line string) {
	if !h.remember(line) || h.file == "" || line[0] == ' ' || len(line) > maxHistoryLine || strings.Contains(line, "\n") {
		return
	}
	f, err := openRegular(h.file, os.O_RDWR|os.O_APPEND|os.O_CREATE)
	if err != nil {
		return // it isn't worth disturbing a conversation
	}
	defer f.Close()
	if !endsLine(f) {
		line = "\n" + line
	}
	f.WriteString(line + "\n")
}

// endsLine reports whether what f holds is whole lines. The last one may lack its
// end if an editor or a full disk left it so.
func endsLine(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return true
	}
	last := make([]byte, 1)
	_, err = f.ReadAt(last, info.Size()-1)
	return err != nil || bytes.Equal(last, []byte("\n"))
}
