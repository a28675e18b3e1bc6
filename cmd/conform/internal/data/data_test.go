package data

import (
	"bytes"
	"compress/flate"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestSet: the files are the same every time, as long as messages need them, text
// where it has to be, and compress differently.
func TestSet(t *testing.T) {
	t.Parallel()
	a, b := New(), New()
	for i, want := range []struct{ least, most float64 }{{0.1, 0.5}, {0.1, 0.6}, {0.1, 0.6}, {0.05, 0.5}, {0.99, 1.1}} {
		f := a[i]
		if !bytes.Equal(f.bytes, b[i].bytes) {
			t.Errorf("%s is not the same twice", f.Name)
		}
		if len(f.bytes) < size {
			t.Errorf("%s has %d bytes", f.Name, len(f.bytes))
		}
		if !f.Binary && !utf8.Valid(f.bytes) {
			t.Errorf("%s is not UTF-8", f.Name)
		}
		var z bytes.Buffer
		w, _ := flate.NewWriter(&z, 6)
		w.Write(f.bytes)
		w.Close()
		if ratio := float64(z.Len()) / float64(len(f.bytes)); ratio < want.least || ratio > want.most {
			t.Errorf("%s compresses to %.2f", f.Name, ratio)
		}
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	for _, f := range New() {
		first, pos := f.Cut(0, 1000)
		again, _ := f.Cut(0, 1000)
		if n := utf8.RuneCount(first); !f.Binary && n != 1000 || f.Binary && len(first) != 1000 {
			t.Errorf("%s: %d characters, %d bytes", f.Name, n, len(first))
		}
		if !bytes.Equal(first, again) || pos != 1000 {
			t.Errorf("%s: cut twice gives two things, or ends at %d", f.Name, pos)
		}
		long, _ := f.Cut(len(f.bytes)/4, 3*size) // around the end more than once
		if n := utf8.RuneCount(long); !f.Binary && n != 3*size || f.Binary && len(long) != 3*size {
			t.Errorf("%s: %d characters around the end", f.Name, n)
		}
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := New().Load(dir); err == nil || !strings.Contains(err.Error(), "none of the files") {
		t.Errorf("an empty folder: %v", err)
	}
	if err := New().Load(filepath.Join(dir, "missing")); err == nil {
		t.Error("a folder that isn't there is no error")
	}
	file := filepath.Join(dir, "data1.json")
	os.WriteFile(file, []byte("short"), 0o600)
	if err := New().Load(dir); err == nil || !strings.Contains(err.Error(), "needed at least") {
		t.Errorf("a short file: %v", err)
	}
	os.WriteFile(file, bytes.Repeat([]byte{0xff}, size), 0o600)
	if err := New().Load(dir); err == nil || !strings.Contains(err.Error(), "not UTF-8") {
		t.Errorf("a text that isn't: %v", err)
	}
	os.WriteFile(file, bytes.Repeat([]byte("ab"), size), 0o600)
	s := New()
	if err := s.Load(dir); err != nil {
		t.Error(err)
	}
	if m, _ := s[0].Cut(0, 4); string(m) != "abab" {
		t.Errorf("messages are not cut from the file: %q", m)
	}
}
