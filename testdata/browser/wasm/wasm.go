// Package wasm builds Go programs for browsers and serves them as pages.
package wasm

import (
	"fmt"
	"html/template"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Build builds a program, or the tests of a package if test is set, for
// GOOS=js and returns the binary.
func Build(pkg string, test bool) ([]byte, error) {
	folder, err := os.MkdirTemp("", "wasm")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	binary := filepath.Join(folder, "main.wasm")
	args := []string{"build", "-o", binary, pkg}
	if test {
		args = []string{"test", "-c", "-o", binary, pkg}
	}
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return os.ReadFile(binary)
}

// support returns the JavaScript that every toolchain has for programs like these.
func support() (string, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", err
	}
	js, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js"))
	return string(js), err
}

// page runs the program with what it prints in window.output, and its exit code in
// window.exit.
var page = template.Must(template.New("").Parse(`<!doctype html>
<meta charset="utf-8">
<title>{{.Title}}</title>
<body>
<script src="/wasm_exec.js"></script>
<script>
  const go = window.go = new Go()
  go.argv = {{.Args}}
  window.output = ''
  const decoder = new TextDecoder()
  fs.writeSync = (fd, bytes) => {
    const text = decoder.decode(bytes, { stream: true })
    window.output += text
    console.log(text)
    return bytes.length
  }
  go.exit = code => { window.exit = code }
  WebAssembly.instantiateStreaming(fetch('/main.wasm'), go.importObject).then(made => go.run(made.instance))
</script>
`))

// Page serves a program as the page /, with args after its name.
func Page(title string, binary []byte, args ...string) (http.Handler, error) {
	js, err := support()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		page.Execute(w, map[string]any{"Title": title, "Args": append([]string{"main"}, args...)})
	})
	mux.HandleFunc("GET /wasm_exec.js", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		w.Write([]byte(js))
	})
	mux.HandleFunc("GET /main.wasm", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/wasm")
		w.Write(binary)
	})
	return mux, nil
}
