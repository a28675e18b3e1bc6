package interop

import (
	"testing"

	"hawser/websocket/testdata/interop/browser"
)

// firefox is a page in a headless Firefox, which our own client drives.
type firefox struct {
	*browser.Firefox
	t *testing.T
}

func (f firefox) eval(script string) string {
	f.t.Helper()
	s, err := f.Eval(script)
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

func openFirefox(t *testing.T, url string) evaluator {
	t.Helper()
	need(t, "firefox-esr", "--version")
	f, err := browser.OpenFirefox(url, connect)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return firefox{f, t}
}

// TestFirefox is another engine than Chromium's. It offers no client_max_window_bits.
func TestFirefox(t *testing.T) {
	t.Parallel()
	inBrowser(t, "permessage-deflate", func(url string) evaluator { return openFirefox(t, url) })
}

func TestFirefoxDeflate(t *testing.T) {
	t.Parallel()
	deflateInBrowser(t, [][]string{{}, {"-no-takeover", "-compress-window", "8"}}, openFirefox)
}
