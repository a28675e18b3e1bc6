package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTable: every fault can be planted, in one place.
func TestTable(t *testing.T) {
	t.Parallel()
	for _, m := range mutants {
		text, err := os.ReadFile(filepath.Join("../../..", m.file))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), m.old); n != 1 {
			t.Errorf("%s: %s: %q is there %d times", m.file, m.what, m.old, n)
		}
		if m.old == m.new {
			t.Errorf("%s: %s: nothing changes", m.file, m.what)
		}
	}
}
