// Package ported holds this library against programs that were written for another
// one: their WebSocket layer is replaced by one on this library, and their own tests
// have to pass. A change of the API that would hurt their authors is seen here.
//
// The programs come from the module proxy, in the versions of go.mod, and are copied to
// a temporary folder for each run. Only what replaces their files is kept here, below
// testdata, and was written here.
package ported

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	// So that go.mod and go.sum name their versions.
	_ "github.com/mochi-mqtt/server/v2/listeners"
	_ "github.com/sourcegraph/jsonrpc2"
)

// A program is a module, and what is done to its copy.
type program struct {
	module string
	files  string   // folder below testdata with the files that replace or join its own
	edits  []edit   // of its tests, where they name the other library
	tests  []string // arguments for go test
	ran    string   // a test that must have run
}

type edit struct{ file, from, to string }

var programs = map[string]program{
	"an MQTT broker, through NetConn, dialed by gorilla": {
		module: "github.com/mochi-mqtt/server/v2",
		files:  "mochi",
		tests:  []string{"./listeners"},
		ran:    "TestWebsocketConnectionReads",
	},
	"JSON-RPC as messages, in both roles": {
		module: "github.com/sourcegraph/jsonrpc2",
		files:  "jsonrpc2",
		edits: []edit{
			{"jsonrpc2_test.go", `"github.com/gorilla/websocket"`, "\"hawser/websocket/client\"\n\t\"hawser/websocket/server\""},
			{"jsonrpc2_test.go", "websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024}", "server.Server{}"},
			{"jsonrpc2_test.go", "upgrader.Upgrade(w, r, nil)", "upgrader.Upgrade(w, r)"},
			{"jsonrpc2_test.go", `websocket.DefaultDialer.Dial(strings.Replace(s.URL, "http:", "ws:", 1), nil)`,
				`new(client.Dialer).Dial(ctx, strings.Replace(s.URL, "http:", "ws:", 1))`},
			{"jsonrpc2_test.go", "defer c.Close()\n", "defer c.CloseNow()\n"},
		},
		tests: []string{"."},
		ran:   "TestClientServer/websocket",
	},
}

func TestTheirOwnTestsPassOnThisLibrary(t *testing.T) {
	t.Parallel()
	if os.Getenv("CI") != "true" {
		t.Skip("fetches the programs' dependencies for their tests; CI=true runs it")
	}
	for name, p := range programs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := p.copy(t)
			for _, e := range p.edits {
				e.apply(t, dir)
			}
			run(t, dir, "go", append([]string{"vet", "-mod=mod"}, p.tests...)...)
			out := run(t, dir, "go", append([]string{"test", "-mod=mod", "-race", "-count=1", "-v"}, p.tests...)...)
			if !strings.Contains(out, "--- PASS: "+p.ran+" ") {
				t.Errorf("%s did not run:\n%s", p.ran, out)
			}
		})
	}
}

// copy returns a folder with the program on this library.
func (p program) copy(t *testing.T) string {
	t.Helper()
	var module struct{ Dir string }
	if err := json.Unmarshal([]byte(run(t, ".", "go", "mod", "download", "-json", p.module)), &module); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(module.Dir)); err != nil {
		t.Fatal(err)
	}
	ours := os.DirFS(filepath.Join("testdata", p.files))
	files, err := filepath.Glob(filepath.Join("testdata", p.files, "*", "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files { // CopyFS doesn't overwrite
		name, err := filepath.Rel(filepath.Join("testdata", p.files), file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatalf("they have no such file any more: %v", err)
		}
	}
	if err := os.CopyFS(dir, ours); err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	run(t, dir, "go", "mod", "edit", "-go=1.25.0", "-require=hawser/websocket@v0.0.0", "-replace=hawser/websocket="+root)
	return dir
}

func (e edit) apply(t *testing.T, dir string) {
	t.Helper()
	file := filepath.Join(dir, e.file)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), e.from) {
		t.Fatalf("%s has no %q any more", e.file, e.from)
	}
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(text), e.from, e.to)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", cmd, err, out, stderr.String())
	}
	return string(out)
}
