//go:build unix

package deploy

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// enough is how many deliveries are counted for each fault.
const enough = 40_000

// TestRooms has three servers of rooms behind HAProxy with an engine between them, and
// counts what becomes of messages while the engine or a server has a fault. With a
// history, all that was accepted comes to everybody, once and in order. Without one, all
// that doesn't come is told of as a gap.
func TestRooms(t *testing.T) {
	haproxy := find(t, "haproxy")
	for _, kind := range []struct {
		scheme, program string
		history         bool
		args            []string
	}{
		{"redis", "redis-server", true, []string{"--bind", "127.0.0.1", "--port", "PORT", "--dir", "DIR", "--save", "", "--appendonly", "yes"}},
		{"redis+pubsub", "redis-server", false, []string{"--bind", "127.0.0.1", "--port", "PORT", "--dir", "DIR", "--save", ""}},
		{"nats", "nats-server", true, []string{"-a", "127.0.0.1", "-p", "PORT", "-js", "-sd", "DIR"}},
		{"nats+core", "nats-server", false, []string{"-a", "127.0.0.1", "-p", "PORT"}},
	} {
		t.Run(kind.scheme, func(t *testing.T) {
			path := find(t, kind.program)
			bin := buildRooms(t)
			for _, fault := range []struct {
				name string
				do   func(t *testing.T, engine *process, servers []*process)
			}{
				{"engine killed and restarted", func(t *testing.T, engine *process, _ []*process) {
					engine.kill()
					time.Sleep(300 * time.Millisecond) // so that some messages meet none
					engine.start(t)
				}},
				{"engine stopped for 1.5 s", func(t *testing.T, engine *process, _ []*process) {
					engine.cmd.Process.Signal(syscall.SIGSTOP)
					time.Sleep(1500 * time.Millisecond)
					engine.cmd.Process.Signal(syscall.SIGCONT)
				}},
				{"server killed and restarted", func(t *testing.T, _ *process, servers []*process) {
					servers[0].kill()
					time.Sleep(300 * time.Millisecond)
					servers[0].start(t)
				}},
			} {
				t.Run(fault.name, func(t *testing.T) {
					engine := newProcess(t, path, kind.args...)
					engine.start(t)
					d := &deployment{history: kind.history, proxy: &proxy{addr: freeAddr(t), cert: newCertificate(t)}}
					for range 3 {
						s := newProcess(t, bin, "-addr", "127.0.0.1:PORT", "-bus", kind.scheme+"://"+engine.addr, "-origins", "https://"+d.proxy.addr)
						s.start(t)
						d.servers = append(d.servers, s)
					}
					d.balance(t, haproxy)
					d.count(t, func() { fault.do(t, engine, d.servers) })
				})
			}
		})
	}
}

// rooms is the program, built once.
var rooms struct {
	sync.Once
	path string
	err  error
}

// buildRooms builds the server of rooms, which is in a module of its own.
func buildRooms(t *testing.T) string {
	t.Helper()
	rooms.Do(func() {
		rooms.path = filepath.Join(bin, "rooms")
		out, err := exec.Command("go", "build", "-C", filepath.Join("..", "..", "server", "bus"), "-o", rooms.path, "./rooms").CombinedOutput()
		if err != nil {
			rooms.err = fmt.Errorf("%w\n%s", err, out)
		}
	})
	if rooms.err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(rooms.err)
		}
		t.Skip("needs the modules of server/bus:", rooms.err)
	}
	return rooms.path
}

// process is one that listens on a port, and can be killed and started again.
type process struct {
	addr string
	path string
	args []string
	dir  string
	cmd  *exec.Cmd
	log  bytes.Buffer
}

// newProcess returns one whose arguments have PORT and DIR replaced.
func newProcess(t *testing.T, path string, args ...string) *process {
	t.Helper()
	p := &process{addr: freeAddr(t), path: path, dir: t.TempDir()}
	_, port, _ := net.SplitHostPort(p.addr)
	for _, arg := range args {
		p.args = append(p.args, strings.NewReplacer("PORT", port, "DIR", p.dir).Replace(arg))
	}
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s says:\n%s", filepath.Base(path), p.log.Bytes())
		}
	})
	return p
}

func (p *process) start(t *testing.T) {
	t.Helper()
	p.cmd = exec.Command(p.path, p.args...)
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = p.dir, &p.log, &p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(20 * time.Second)
	for {
		nc, err := net.Dial("tcp", p.addr)
		if err == nil {
			nc.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s doesn't listen", p.path)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// kill is kill -9.
func (p *process) kill() {
	if p.cmd != nil {
		p.cmd.Process.Kill()
		p.cmd.Wait()
		p.cmd = nil
	}
}

// deployment is what a fault is counted with.
type deployment struct {
	history bool
	proxy   *proxy
	servers []*process

	received atomic.Int64
	accepted [3][]int // by publisher: the numbers of its messages
	refused  int
	unknown  int
}

// balance runs HAProxy with the configuration of this folder and a third server.
func (d *deployment) balance(t *testing.T, haproxy string) {
	t.Helper()
	dir := t.TempDir()
	d.proxy.cert.write(t, dir)
	config, err := os.ReadFile("haproxy.cfg")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("127.0.0.1:8443", d.proxy.addr, "127.0.0.1:3001", d.servers[0].addr,
		"127.0.0.1:3002", d.servers[1].addr+"\n\tserver three "+d.servers[2].addr).Replace(string(config))
	path := filepath.Join(dir, "haproxy.cfg")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(haproxy, "-db", "-f", path)
	cmd.Dir = dir
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	deadline := time.Now().Add(20 * time.Second)
	for {
		c, _, err := d.proxy.dialer().Dial(ctx, d.proxy.url("/room/warm"))
		if err == nil {
			c.Close(1000, "")
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
