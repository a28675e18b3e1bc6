//go:build unix

package bustest

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Engine is the process of an engine, which tests start, kill, stop and restart.
type Engine struct {
	Addr string // host:port that it listens on
	Dir  string // a folder of its own, for its data and its log

	path string
	args []string
	cmd  *exec.Cmd
	done chan struct{} // closed when cmd has ended
}

// NewEngine returns an engine that isn't running. args are those of its command line,
// in which ADDR, PORT and DIR stand for a free address of this machine and a new
// folder. If name is not installed the test is skipped, but fails if the environment
// has CI set.
func NewEngine(t testing.TB, name string, args ...string) *Engine {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/" + name)
	}
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("needs %s: %v", name, err)
	}
	e := &Engine{path: path, Addr: FreeAddr(t), Dir: t.TempDir()}
	_, port, _ := net.SplitHostPort(e.Addr)
	for _, arg := range args {
		e.args = append(e.args, strings.NewReplacer("ADDR", e.Addr, "PORT", port, "DIR", e.Dir).Replace(arg))
	}
	t.Cleanup(e.Kill)
	return e
}

// FreeAddr returns an address of this machine that nobody listens on now.
func FreeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Start starts the engine, with the data it has, and waits until it accepts
// connections.
func (e *Engine) Start(t testing.TB) {
	t.Helper()
	var log buffer
	e.cmd = exec.Command(e.path, e.args...)
	e.cmd.Dir, e.cmd.Stdout, e.cmd.Stderr = e.Dir, &log, &log
	if err := e.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	cmd, done := e.cmd, make(chan struct{})
	e.done = done
	go func() {
		cmd.Wait()
		close(done)
	}()
	deadline := time.After(20 * time.Second)
	for {
		if nc, err := net.Dial("tcp", e.Addr); err == nil {
			nc.Close()
			return
		}
		select {
		case <-done:
			t.Fatalf("%s doesn't start:\n%s", e.path, &log)
		case <-deadline:
			t.Fatalf("%s doesn't listen:\n%s", e.path, &log)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Kill ends the engine at once, as with kill -9.
func (e *Engine) Kill() {
	if e.cmd == nil {
		return
	}
	e.cmd.Process.Kill()
	<-e.done
	e.cmd = nil
}

// Stop has the engine do nothing, while its connections stay, until Continue.
func (e *Engine) Stop() {
	e.cmd.Process.Signal(syscall.SIGSTOP)
	// Its threads stop one after the other; Linux tells when all have.
	for deadline := time.Now().Add(time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", e.cmd.Process.Pid))
		if err != nil || bytes.Contains(stat, []byte(") T ")) {
			return
		}
	}
}

// Continue ends what Stop began.
func (e *Engine) Continue() { e.cmd.Process.Signal(syscall.SIGCONT) }

// buffer is a bytes.Buffer that is safe to read meanwhile.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
