package websocket_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDesignNamesWhatExists: every file and every name that docs/DESIGN.md speaks of is
// there, so that who renames or moves something finds its place on the map.
func TestDesignNamesWhatExists(t *testing.T) {
	t.Parallel()
	design, err := os.ReadFile("docs/DESIGN.md")
	if err != nil {
		t.Fatal(err)
	}
	words := make(map[string]bool)
	for _, dir := range []string{".", "frame", "handshake", "server", "internal/transport"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			of := regexp.MustCompile(`\w+`)
			if strings.HasSuffix(file, "_test.go") {
				of = regexp.MustCompile(`Test\w+`)
			}
			for _, word := range of.FindAllString(string(source), -1) {
				words[word] = true
			}
		}
	}
	design = regexp.MustCompile("(?s)```.*?```").ReplaceAll(design, nil) // pictures
	var missing []string
	quoted := regexp.MustCompile("`([^`]+)`").FindAllSubmatch(design, -1)
	for _, m := range quoted {
		name := string(m[1])
		if strings.HasSuffix(name, ".go") {
			if found, _ := filepath.Glob(name); len(found) == 0 {
				missing = append(missing, name)
			}
			continue
		}
		for _, word := range regexp.MustCompile(`[A-Za-z]\w*`).FindAllString(name, -1) {
			if !words[word] {
				missing = append(missing, name)
			}
		}
	}
	slices.Sort(missing)
	if missing = slices.Compact(missing); len(missing) > 0 || len(quoted) < 100 {
		t.Errorf("of %d names in docs/DESIGN.md these don't exist: %q", len(quoted), missing)
	}
}
