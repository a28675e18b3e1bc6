package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// proc is a server in a child process.
type proc struct {
	addr string
	o    options
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *os.File
	dec  *json.Decoder
	errs bytes.Buffer
}

// startProc runs this program again, as a server.
func startProc(o options) (*proc, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	arg, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	p := &proc{o: o, cmd: exec.Command(self, childRole, string(arg))}
	p.cmd.Stderr = &p.errs
	// An interrupt from the keyboard is for us; the server ends with its input.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	r, w, err := os.Pipe() // not StdoutPipe: its reader has no deadlines
	if err != nil {
		return nil, err
	}
	p.out, p.cmd.Stdout = r, w
	err = p.cmd.Start()
	w.Close()
	if err != nil {
		r.Close()
		return nil, err
	}
	p.out.SetReadDeadline(time.Now().Add(10 * time.Second))
	var line strings.Builder
	for b := make([]byte, 1); ; {
		if _, err := p.out.Read(b); err != nil {
			p.stop()
			return nil, fmt.Errorf("the server didn't start: %w%s", err, p.said())
		}
		if b[0] == '\n' {
			break
		}
		line.WriteByte(b[0])
	}
	p.addr = line.String()
	p.dec = json.NewDecoder(p.out)
	return p, nil
}

// ask has the server carry out a command of child.
func (p *proc) ask(format string, args ...any) (stats, error) {
	var s stats
	p.out.SetReadDeadline(time.Now().Add(30 * time.Second))
	if _, err := fmt.Fprintf(p.in, format+"\n", args...); err != nil {
		return s, fmt.Errorf("the server is gone: %w%s", err, p.said())
	}
	if err := p.dec.Decode(&s); err != nil {
		return s, fmt.Errorf("the server doesn't answer: %w%s", err, p.said())
	}
	return s, nil
}

// stop ends the server: by the end of its input, else by force.
func (p *proc) stop() {
	p.in.Close()
	timer := time.AfterFunc(5*time.Second, func() { p.cmd.Process.Kill() })
	defer timer.Stop()
	p.cmd.Wait()
	p.out.Close()
}

// said returns the end of what the server wrote to standard error.
func (p *proc) said() string {
	b := bytes.TrimSpace(p.errs.Bytes())
	if len(b) == 0 {
		return ""
	}
	return "\n" + string(b[max(0, len(b)-2000):])
}
