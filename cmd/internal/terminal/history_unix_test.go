//go:build unix && !aix && !solaris

package terminal

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func write(t *testing.T, file, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, mode); err != nil { // whatever the umask
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestHistoryOfAFIFO: the program doesn't wait for a writer of its history.
func TestHistoryOfAFIFO(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "history")
	if err := syscall.Mkfifo(file, 0o600); err != nil {
		t.Fatal(err)
	}
	h, err := OpenHistory(file)
	if err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Error(err)
	}
	h.Add("in memory")
	if diff := cmp.Diff([]string{"in memory"}, h.lines); diff != "" {
		t.Error(diff)
	}
	late := filepath.Join(t.TempDir(), "history")
	if h, err = OpenHistory(late); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(late, 0o600); err != nil {
		t.Fatal(err)
	}
	h.Add("a FIFO that came later") // doesn't hang
}

// TestHistoryIsPrivate: nobody else can read what was typed, whatever lies in the
// directory.
func TestHistoryIsPrivate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, foreign := filepath.Join(dir, "history"), filepath.Join(dir, "foreign")
	write(t, file, strings.Repeat(strings.Repeat("x", 999)+"\n", 600), 0o644)
	write(t, foreign, "mine", 0o644)
	if err := os.Symlink(foreign, file+".new"); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenHistory(file); err != nil {
		t.Fatal(err)
	}
	if text := read(t, foreign); text != "mine" {
		t.Errorf("%d bytes were written through the link", len(text))
	}
	info, err := os.Lstat(file)
	if err != nil || info.Mode() != 0o600 || info.Size() > maxHistoryBytes {
		t.Error(info.Mode(), info.Size(), err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 3 {
		t.Error("left behind:", entries)
	}
	short := filepath.Join(dir, "short")
	write(t, short, "a\n", 0o644)
	if _, err := OpenHistory(short); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(short); err != nil || info.Mode() != 0o600 {
		t.Error(info.Mode(), err)
	}
}

// TestHistoryThroughALink: a history that is kept elsewhere stays there.
func TestHistoryThroughALink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	write(t, file, strings.Repeat(strings.Repeat("x", 999)+"\n", 600), 0o600)
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenHistory(link); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link is gone:", info.Mode(), err)
	}
	if info, err := os.Stat(link); err != nil || info.Size() > maxHistoryBytes {
		t.Error(info.Size(), err)
	}
}

// TestHistoryWithoutLastNewline: the next line typed is an entry of its own.
func TestHistoryWithoutLastNewline(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "history")
	write(t, file, "first\nlast", 0o600)
	h, err := OpenHistory(file)
	if err != nil {
		t.Fatal(err)
	}
	h.Add("next")
	h.Add("several\nlines")
	h.Add("end")
	if diff := cmp.Diff("first\nlast\nnext\nend\n", read(t, file)); diff != "" {
		t.Error(diff)
	}
}
