//go:build linux

package http2

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/frame"
)

// ways are wss over HTTP/1.1 and over HTTP/2, to compare.
var ways = []struct {
	name string
	pool func() *client.HTTP2
}{
	{"HTTP1", func() *client.HTTP2 { return nil }},
	{"HTTP2", func() *client.HTTP2 { return &client.HTTP2{Required: true} }},
}

// startEcho starts cmd/echo with both and returns its address and process.
func startEcho(b *testing.B) (addr string, pid int) {
	b.Helper()
	file := filepath.Join(b.TempDir(), "echo")
	if out, err := exec.Command("go", "build", "-o", file, "hawser/websocket/cmd/echo").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(file, "-addr", "127.0.0.1:0", "-quiet", "-self-signed", "-http2", "-compress", "off", "-drain", "1ms")
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return "127.0.0.1:" + strings.TrimSpace(strings.TrimPrefix(line, "listening on port ")), cmd.Process.Pid
}

func open(b *testing.B, addr string, pool *client.HTTP2) *websocket.Conn {
	b.Helper()
	d := &client.Dialer{HTTP2: pool, TLSConfig: &tls.Config{InsecureSkipVerify: true}, Config: websocket.Config{MaxMessage: 16 << 20}}
	c, _, err := d.Dial(ctx, "wss://"+addr+"/echo")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.CloseNow() })
	return c
}

// cpu is the processor time of this process and of the one with the given id.
func cpu(b *testing.B, pid int) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	own := time.Duration(u.Utime.Nano() + u.Stime.Nano())
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Skip(err) // Linux only
	}
	_, rest, _ := strings.Cut(string(data), ") ")
	fields := strings.Fields(rest)
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return own + time.Duration(user+system)*10*time.Millisecond
}

// BenchmarkEcho has messages go there and back, one at a time and several at once. The
// processor time is that of both ends, and tells more than the time on a busy machine.
func BenchmarkEcho(b *testing.B) {
	addr, pid := startEcho(b)
	for _, tt := range []struct{ size, window int }{{100, 1}, {1 << 10, 8}, {16 << 10, 1}, {1 << 20, 1}} {
		for _, way := range ways {
			b.Run(fmt.Sprintf("%dx%d/%s", tt.window, tt.size, way.name), func(b *testing.B) {
				c := open(b, addr, way.pool())
				p := make([]byte, tt.size)
				before := cpu(b, pid)
				for b.Loop() {
					for range tt.window {
						if err := c.Write(ctx, websocket.Binary, p); err != nil {
							b.Fatal(err)
						}
					}
					for range tt.window {
						if _, _, err := c.Read(ctx); err != nil {
							b.Fatal(err)
						}
					}
				}
				b.ReportMetric(float64((cpu(b, pid)-before).Microseconds())/float64(b.N), "cpu-µs/op")
				c.Close(frame.CodeNormal, "")
			})
		}
	}
}

// BenchmarkIdle tells what a socket takes of the server's memory that has nothing to say.
func BenchmarkIdle(b *testing.B) {
	const n = 1000
	for _, way := range ways {
		b.Run(way.name, func(b *testing.B) {
			for b.Loop() {
				addr, pid := startEcho(b)
				pool := way.pool()
				open(b, addr, pool)
				before := resident(b, pid)
				for range n {
					open(b, addr, pool)
				}
				time.Sleep(3 * time.Second) // for its garbage collector
				b.ReportMetric(float64(resident(b, pid)-before)/n, "KiB/socket")
			}
		})
	}
}

// resident is the memory of a process in KiB.
func resident(b *testing.B, pid int) int {
	b.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Skip(err) // Linux only
	}
	_, rest, _ := strings.Cut(string(data), "VmRSS:")
	kib, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		b.Fatal(err)
	}
	return kib
}

// BenchmarkDial opens and closes a socket, over HTTP/2 on a connection that is there.
func BenchmarkDial(b *testing.B) {
	addr, pid := startEcho(b)
	for _, way := range ways {
		b.Run(way.name, func(b *testing.B) {
			pool := way.pool()
			open(b, addr, pool)
			before := cpu(b, pid)
			for b.Loop() {
				if err := open(b, addr, pool).Close(frame.CodeNormal, ""); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((cpu(b, pid)-before).Microseconds())/float64(b.N), "cpu-µs/op")
		})
	}
}
