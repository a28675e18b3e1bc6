package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// echoServer is cmd/echo in a process of its own.
type echoServer struct {
	cmd  *exec.Cmd
	addr string
	vars string // URL of what it counts
	once sync.Once
	err  error
	temp string
}

func startServer(ctx context.Context, path string) (*echoServer, error) {
	s := &echoServer{}
	if path == "" {
		var err error
		if s.temp, err = os.MkdirTemp("", "soak"); err != nil {
			return nil, err
		}
		path = filepath.Join(s.temp, "echo")
		build := exec.CommandContext(ctx, "go", "build", "-o", path, "hawser/websocket/cmd/echo")
		if out, err := build.CombinedOutput(); err != nil {
			os.RemoveAll(s.temp)
			return nil, fmt.Errorf("building cmd/echo: %w\n%s", err, out)
		}
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	free.Close()
	debug := free.Addr().String()
	s.vars = "http://" + debug + "/debug/vars"
	s.cmd = exec.Command(path, "-addr", "127.0.0.1:0", "-debug", debug, "-quiet", "-ping", "2s", "-max-message", "1048576", "-drain", "5s")
	s.cmd.Stderr = os.Stderr
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // the keyboard's interrupt is not for it
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	r := bufio.NewReader(stdout)
	line, err := r.ReadString('\n')
	port, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on port ")
	if err != nil || !ok {
		s.kill()
		return nil, fmt.Errorf("the server said %q instead of its port", line)
	}
	go io.Copy(io.Discard, r)
	s.addr = net.JoinHostPort("127.0.0.1", port)
	return s, nil
}

// end tells the server to end and returns what was wrong with that.
func (s *echoServer) end() error {
	s.once.Do(func() {
		s.cmd.Process.Signal(syscall.SIGTERM)
		timer := time.AfterFunc(15*time.Second, func() { s.cmd.Process.Kill() })
		defer timer.Stop()
		s.err = s.cmd.Wait()
		if s.temp != "" {
			os.RemoveAll(s.temp)
		}
	})
	return s.err
}

func (s *echoServer) kill() {
	s.cmd.Process.Kill()
	s.end()
}

// usage is what a process holds.
type usage struct {
	files, threads, goroutines int
	memory                     int64
}

func (u usage) String() string {
	return fmt.Sprintf("%s, %d files, %d threads, %d goroutines", size(u.memory), u.files, u.threads, u.goroutines)
}

// within reports whether u has no more files and goroutines than v.
func (u usage) within(v usage) bool { return u.files <= v.files && u.goroutines <= v.goroutines }

// lone asks each time on a connection of its own, that none is there otherwise.
var lone = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// goroutines returns how many the server has, or -1 if it doesn't say.
func (s *echoServer) goroutines() int {
	vars := struct{ Goroutines int }{-1}
	resp, err := lone.Get(s.vars)
	if err != nil {
		return -1
	}
	defer resp.Body.Close()
	if json.NewDecoder(resp.Body).Decode(&vars) != nil {
		return -1
	}
	return vars.Goroutines
}

func (s *echoServer) usage() usage {
	proc := "/proc/" + strconv.Itoa(s.cmd.Process.Pid)
	var u usage
	if dir, err := os.Open(proc + "/fd"); err == nil {
		for {
			names, err := dir.Readdirnames(1000)
			u.files += len(names)
			if err != nil {
				break
			}
		}
		dir.Close()
	}
	status, _ := os.ReadFile(proc + "/status")
	for line := range strings.SplitSeq(string(status), "\n") {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		n, _ := strconv.Atoi(f[1])
		switch f[0] {
		case "VmRSS:":
			u.memory = int64(n) << 10
		case "Threads:":
			u.threads = n
		}
	}
	u.goroutines = s.goroutines()
	return u
}

// settle waits until the server has no more files and goroutines than empty, as
// all clients have left, and returns what it holds then. Silent clients that were
// cut off from outside are noticed by their reset, the others by what they sent.
func (s *echoServer) settle(ctx context.Context, empty usage, out io.Writer) usage {
	until := time.Now().Add(40 * time.Second)
	for {
		u := s.usage()
		if u.within(empty) || time.Now().After(until) || ctx.Err() != nil {
			fmt.Fprintf(out, "all clients left: %s\n", u)
			return u
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// refused reports whether err is of a server whose queue of new connections
// was full, which says nothing about the library.
func refused(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.EADDRNOTAVAIL)
}

func size(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
