package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
)

// orFile returns s, or the text of the file if s is @file.
func orFile(s string) (string, error) {
	file, ok := strings.CutPrefix(s, "@")
	if !ok {
		return s, nil
	}
	text, err := os.ReadFile(expand(file))
	return strings.TrimRight(string(text), "\r\n"), err
}

// expand does for a name in a command what a shell does for one in a command line:
// ~/ is the user's home.
func expand(name string) string {
	if rest, ok := strings.CutPrefix(name, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	return name
}

// readFile returns what a file has, if that's not more than max bytes.
func readFile(name string, max int64) ([]byte, error) {
	f, err := os.Open(expand(name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p, err := io.ReadAll(io.LimitReader(f, max+1))
	if err == nil && int64(len(p)) > max {
		err = fmt.Errorf("%s is longer than %d bytes (-max-message)", name, max)
	}
	return p, err
}

// saveFile makes a file that has p. It overwrites none.
func saveFile(name string, p []byte) error {
	f, err := os.OpenFile(expand(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(p)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// A folder is where binary messages are saved (-save).
type folder struct {
	name string
	mu   sync.Mutex // for last
	last int        // number of a file
}

// save makes the next file of the folder and returns its name. Numbers that are
// taken, by an earlier run, are left out.
func (f *folder) save(p []byte) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		f.last++
		name := filepath.Join(f.name, strconv.Itoa(f.last)+".bin")
		if err := saveFile(name, p); !errors.Is(err, fs.ErrExist) {
			return name, err
		}
	}
}

// historyFile is where the history is kept: with the user's state, or where else
// programs keep their files. It's "" for a user without a home.
func historyFile() string {
	dir := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(dir) {
		var err error
		if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
			dir, err = os.UserConfigDir()
		} else if dir, err = os.UserHomeDir(); err == nil {
			dir = filepath.Join(dir, ".local", "state")
		}
		if err != nil {
			return ""
		}
	}
	return filepath.Join(dir, "hawser", "chat_history")
}
