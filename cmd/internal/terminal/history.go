package terminal

import (
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
	f, err := os.Open(h.file)
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
	if !info.Mode().IsRegular() {
		return errors.New(h.file + " is not a regular file")
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
	// What another program appends just now may be lost; nothing else can be.
	whole := h.file + ".new"
	if err := os.WriteFile(whole, []byte(strings.Join(h.lines, "\n")+"\n"), 0o600); err != nil {
		return err
	}
	return os.Rename(whole, h.file)
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
// the program, as in a shell.
func (h *History) Add(line string) {
	if !h.remember(line) || h.file == "" || line[0] == ' ' || len(line) > maxHistoryLine {
		return
	}
	f, err := os.OpenFile(h.file, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return // it isn't worth disturbing a conversation
	}
	f.WriteString(line + "\n")
	f.Close()
}
