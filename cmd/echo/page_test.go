package main

import (
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPagePolicy: what the page may do is written here once more, so that nobody
// widens it by chance. What a browser makes of it, testdata/interop tests.
func TestPagePolicy(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	servePage(w)
	hash := regexp.MustCompile(`'sha256-[0-9A-Za-z+/]{43}='`)
	policy := strings.Split(hash.ReplaceAllString(w.Header().Get("Content-Security-Policy"), "HASH"), "; ")
	want := []string{"default-src 'none'", "script-src HASH", "style-src HASH", "img-src data:", "connect-src 'self'",
		"base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'"}
	if d := cmp.Diff(want, policy); d != "" {
		t.Error(d)
	}
	for name, want := range map[string]string{
		"X-Content-Type-Options":       "nosniff",
		"Referrer-Policy":              "no-referrer",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Cache-Control":                "no-cache",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q; want %q", name, got, want)
		}
	}
}

// TestPageIsOneFile: the policy has one hash for each, and nothing from elsewhere.
func TestPageIsOneFile(t *testing.T) {
	t.Parallel()
	for part, want := range map[string]int{"<script": 1, "<script>": 1, "<style": 1, "<style>": 1, "<link": 1, "src=": 0, "url(": 0, "import": 0} {
		if got := strings.Count(page, part); got != want {
			t.Errorf("%q is %d times in the page; want %d", part, got, want)
		}
	}
}
