//go:build unix

package deploy

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"hawser/websocket"
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

var rooms = struct {
	sync.Once
	path string
	err  error
}{}

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
	t.Cleanup(p.kill)
	return p
}

func (p *process) start(t *testing.T) {
	t.Helper()
	p.cmd = exec.Command(p.path, p.args...)
	p.cmd.Dir, p.cmd.Stdout = p.dir, &p.log
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

// dial connects to the room, as often as it takes.
func (d *deployment) dial(ctx context.Context, after string) *websocket.Conn {
	for ctx.Err() == nil {
		c, _, err := d.proxy.dialer().Dial(ctx, d.proxy.url("/room/fault?after="+url.QueryEscape(after)))
		if err == nil {
			return c
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil
}

type heard struct {
	Type, Position, Text, Why string
	ID                        int
	Again                     bool
}

// read returns the next message of a type among types.
func read(ctx context.Context, c *websocket.Conn, types ...string) (h heard, err error) {
	for {
		_, p, err := c.Read(ctx)
		if err != nil {
			return h, err
		}
		h = heard{}
		if err := json.Unmarshal(p, &h); err != nil {
			return h, err
		}
		if slices.Contains(types, h.Type) {
			return h, nil
		}
	}
}

// A member reads in the room, and comes back with its position when its connection is
// lost.
type member struct {
	mu    sync.Mutex
	log   []string // what came, in order: "gap", or who and a number
	begun chan struct{}
}

func (m *member) run(ctx context.Context, d *deployment) {
	position := ""
	begin := sync.OnceFunc(func() { close(m.begun) })
	for first := true; ctx.Err() == nil; first = false {
		c := d.dial(ctx, position)
		if c == nil {
			return
		}
		for {
			h, err := read(ctx, c, "begin", "message", "gap")
			if err != nil {
				break
			}
			if h.Position != "" {
				position = h.Position
			}
			m.mu.Lock()
			switch {
			case h.Type == "begin" && !first && position == "": // it knows that it was away
				m.log = append(m.log, "gap")
			case h.Type == "gap":
				m.log = append(m.log, "gap")
			case h.Type == "message":
				m.log = append(m.log, h.Text)
				d.received.Add(1)
			}
			m.mu.Unlock()
			begin()
		}
		c.CloseNow()
	}
}

func (m *member) has(text string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Contains(m.log[max(0, len(m.log)-100):], text)
}

// publish sends message after message, each when the one before has its answer, until
// ctx is done.
func (d *deployment) publish(ctx context.Context, who int, mu *sync.Mutex) {
	background := context.Background()
	pace := time.NewTicker(time.Millisecond)
	defer pace.Stop()
	n := 0
	for ctx.Err() == nil {
		c := d.dial(ctx, "")
		if c == nil {
			return
		}
		for ctx.Err() == nil {
			<-pace.C
			n++
			h := heard{}
			err := c.Write(background, websocket.Text, fmt.Appendf(nil, `{"id":%d,"text":"%d %d"}`, n, who, n))
			if err == nil {
				h, err = read(background, c, "sent", "refused")
			}
			mu.Lock()
			switch {
			case err == nil && h.ID == n && h.Type == "sent":
				d.accepted[who] = append(d.accepted[who], n)
			case err == nil && h.Again:
				d.refused++
			default:
				d.unknown++
			}
			mu.Unlock()
			if err != nil {
				break
			}
		}
		c.CloseNow()
	}
}

// count has the room be used before, during and after a fault.
func (d *deployment) count(t *testing.T, fault func()) {
	ctx, stop := context.WithCancel(ctx)
	var reading sync.WaitGroup
	defer reading.Wait()
	defer stop()
	var members []*member
	for range 9 {
		m := &member{begun: make(chan struct{})}
		members = append(members, m)
		reading.Go(func() { m.run(ctx, d) })
		<-m.begun
	}
	saying, hush := context.WithCancel(ctx)
	defer hush()
	var publishing sync.WaitGroup
	var mu sync.Mutex
	for who := range d.accepted {
		publishing.Go(func() { d.publish(saying, who, &mu) })
	}
	deadline := time.Now().Add(2 * time.Minute)
	until := func(n int64) {
		t.Helper()
		for d.received.Load() < n {
			if time.Now().After(deadline) {
				t.Fatalf("only %d deliveries", d.received.Load())
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	until(enough / 3)
	fault()
	until(enough)
	hush()
	publishing.Wait()
	d.end(t, ctx, members)
	d.judge(t, members)
}

// end waits until each member has all that it will get.
func (d *deployment) end(t *testing.T, ctx context.Context, members []*member) {
	t.Helper()
	bounded, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	c := d.dial(bounded, "")
	if c == nil {
		t.Fatal("the room can't be reached any more")
	}
	defer c.CloseNow()
	for i, m := range members {
		for n := 1; ; n++ { // what keeps no history may have members that aren't back
			text := fmt.Sprintf("end %d", i*1000+n)
			if c.Write(bounded, websocket.Text, fmt.Appendf(nil, `{"id":%d,"text":%q}`, n, text)) != nil {
				t.Fatal(c.Err())
			}
			for wait := time.Now().Add(time.Second); !m.has(text) && time.Now().Before(wait); {
				time.Sleep(time.Millisecond)
			}
			if m.has(text) {
				break
			}
			if bounded.Err() != nil {
				t.Fatal("a member is not back")
			}
		}
	}
}

// judge compares what was accepted with what came.
func (d *deployment) judge(t *testing.T, members []*member) {
	lost, untold, gaps, twice := 0, 0, 0, 0
	for _, m := range members {
		m.mu.Lock()
		log := m.log
		m.mu.Unlock()
		told := 0
		var latest, next, since [len(d.accepted)]int // number, index in accepted, gaps told by then
		account := func(who, n int) {
			for all := d.accepted[who]; next[who] < len(all) && all[next[who]] < n; next[who]++ {
				lost++
				if since[who] == told {
					untold++
				}
			}
		}
		for _, s := range log {
			if s == "gap" {
				gaps++
				told++
				continue
			}
			var who, n int
			if strings.HasPrefix(s, "end ") {
				continue
			}
			if _, err := fmt.Sscanf(s, "%d %d", &who, &n); err != nil || who >= len(latest) {
				t.Fatalf("%q: %v", s, err)
			}
			if n <= latest[who] {
				twice++
				continue
			}
			account(who, n)
			if all := d.accepted[who]; next[who] < len(all) && all[next[who]] == n {
				next[who]++
			}
			latest[who], since[who] = n, told
		}
		for who := range d.accepted {
			account(who, 1<<62)
		}
	}
	accepted := 0
	for _, a := range d.accepted {
		accepted += len(a)
	}
	t.Logf("%d deliveries to %d members; %d messages accepted, %d refused, %d unconfirmed; deliveries lost %d, of these not told of %d; twice or out of order %d; gaps told %d",
		d.received.Load(), len(members), accepted, d.refused, d.unknown, lost, untold, twice, gaps)
	if twice > 0 || untold > 0 || d.history && (lost > 0 || gaps > 0) {
		t.Error("that is more than may happen")
	}
}
