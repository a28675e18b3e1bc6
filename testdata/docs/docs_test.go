// Package docs compiles the Go code of README.md and of the documents in docs.
//
// A block that begins with a package clause is a program by itself. Others are the
// body of a function with the names of header in scope, or declarations where they
// begin with func, type or var. Some are not compiled: a block marked "go before" shows
// code for another library, and one marked "go part" needs another module, or leaves
// out what a reader's program has.
package docs

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../.."

// header is what a block that is no file of its own may use.
const header = `package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/frame"
	"hawser/websocket/handshake"
	"hawser/websocket/server"
)

var (
	_ bytes.Buffer
	_ context.Context
	_ tls.Config
	_ json.Decoder
	_ = errors.New
	_ = fmt.Print
	_ io.Reader
	_ = log.Print
	_ net.Conn
	_ http.Handler
	_ url.URL
	_ = os.Args
	_ sync.Mutex
	_ testing.T
	_ = synctest.Test
	_ time.Time
	_ websocket.Conn
	_ client.Dialer
	_ frame.Header
	_ handshake.Refusal
	_ server.Server
)
`

// A block is the code between two fences.
type block struct {
	file string
	line int
	info string // what stands behind the first fence
	code string
}

func blocks(t *testing.T, path string) (found []block) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b *block
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		info, fence := strings.CutPrefix(lines.Text(), "```")
		switch {
		case fence && b == nil:
			b = &block{file: filepath.Base(path), line: n, info: info}
		case fence:
			found = append(found, *b)
			b = nil
		case b != nil:
			b.code += lines.Text() + "\n"
		}
	}
	if b != nil {
		t.Fatalf("%s:%d: the block has no end", path, b.line)
	}
	return found
}

var declares = regexp.MustCompile(`^(//.*\n)*(func|type|var|const) `)

func (b block) source() string {
	where := fmt.Sprintf("//line %s:%d\n", b.file, b.line+1)
	switch {
	case strings.HasPrefix(b.code, "package "):
		return where + b.code
	case declares.MatchString(b.code):
		return header + "func main() {}\n" + where + b.code
	}
	return header + `
func main() {}

var (
	ctx = context.Background()
	c   *websocket.Conn
	h   server.Handler
	s   *server.Server
	p   []byte
	m   websocket.Message
	err error
)

func block(w http.ResponseWriter, r *http.Request) error {
` + where + b.code + "\nreturn nil\n}\n"
}

func TestTheCodeInTheDocumentsCompiles(t *testing.T) {
	t.Parallel()
	documents, err := filepath.Glob(root + "/docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, path := range append(documents, root+"/README.md") {
		for _, b := range blocks(t, path) {
			if b.info != "go" {
				continue
			}
			count++
			t.Run(fmt.Sprintf("%s:%d", b.file, b.line), func(t *testing.T) {
				t.Parallel()
				// Below this folder it belongs to this module.
				dir, err := os.MkdirTemp(".", "block")
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { os.RemoveAll(dir) })
				if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(b.source()), 0o600); err != nil {
					t.Fatal(err)
				}
				out, err := exec.Command("go", "build", "-gcflags=-e", "-o", os.DevNull, "./"+dir).CombinedOutput()
				if err != nil && !onlyUnused(string(out)) {
					t.Errorf("%v\n%s\n%s", err, out, b.code)
				}
			})
		}
	}
	if count < 3 {
		t.Errorf("only %d blocks were found", count)
	}
}

// onlyUnused reports whether a compiler complains of nothing but variables that a
// part of a program doesn't use.
func onlyUnused(out string) bool {
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, "#") && !strings.Contains(line, "declared and not used: ") {
			return false
		}
	}
	return true
}
