package interop

import (
	"bufio"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const qmlTool = "/usr/lib/qt6/bin/qml" // where Debian has it

// qtEnvironment has Qt run without a screen, and print lines as they are.
var qtEnvironment = map[string]string{
	"QT_QPA_PLATFORM":         "offscreen",
	"QT_QUICK_BACKEND":        "software",
	"QT_FORCE_STDERR_LOGGING": "1",
	"QT_MESSAGE_PATTERN":      "%{message}",
}

// program is a running QML program.
type program struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines chan string // what it prints
}

// qml starts a program, which prints on standard error.
func qml(t *testing.T, file string, args ...string) *program {
	t.Helper()
	needQt(t)
	p := &program{t, exec.Command(qmlTool, append([]string{file, "--"}, args...)...), make(chan string, 10_000)}
	errs, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.lines)
		for r := bufio.NewReader(errs); ; {
			line, err := r.ReadString('\n')
			if line != "" {
				p.lines <- strings.TrimSuffix(line, "\n")
			}
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(p.stop)
	return p
}

// needQt skips the test if Qt or one of its modules is missing.
func needQt(t *testing.T) {
	t.Helper()
	need(t, qmlTool, "need.qml")
}

// stop ends the program. How Qt 6.4 exits tells nothing: it can crash then.
func (p *program) stop() {
	p.cmd.Process.Kill()
	for range p.lines {
	}
	p.cmd.Wait()
}

const theEnd = "(the end)"

// next returns the next line, or theEnd.
func (p *program) next() string {
	p.t.Helper()
	select {
	case line, ok := <-p.lines:
		if !ok {
			return theEnd
		}
		return line
	case <-time.After(time.Minute):
		p.t.Fatal("nothing comes")
		return ""
	}
}

// expect has the next lines be want.
func (p *program) expect(want ...string) {
	p.t.Helper()
	var got []string
	for range want {
		got = append(got, p.next())
		if n := len(got); got[n-1] != want[n-1] {
			break
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		p.t.Fatal(d)
	}
}

const clientQML, serverQML = "../qml/Client.qml", "../qml/Server.qml"

// TestQtClient is our QML client against cmd/echo.
func TestQtClient(t *testing.T) {
	t.Parallel()
	addr, stop := echo(t, "-quiet")
	url := "ws://" + addr
	p := qml(t, clientQML, url, "hello", "", "Привет, мир 😀", "<b>bold</b>", "\x1b[2J\u202e", strings.Repeat("я", 20_000))
	cut := strings.Repeat("я", 10_000) + "… (20000 characters)"
	p.expect("# socket open", "< Welcome to Awesome Chat", "> hello", "< hello", "> ", "< ",
		"> Привет, мир 😀", "< Привет, мир 😀", "> <b>bold</b>", "< <b>bold</b>",
		`> \u001b[2J\u202e`, `< \u001b[2J\u202e`, "> "+cut, "< "+cut)
	// The server's end is one line and no error, and it's not told again.
	stop()
	p.expect("# socket closed")
	echo(t, "-quiet", "-addr", addr)
	p.expect("# socket open", "< Welcome to Awesome Chat")
}

// TestQtWebSocket is Qt's WebSocket, with all sizes and types, against cmd/echo.
func TestQtWebSocket(t *testing.T) {
	t.Parallel()
	addr, _ := echo(t, "-quiet", "-subprotocols", "chat")
	qml(t, "client.qml", "ws://"+addr).expect("subprotocol chat", "closed")
}

// TestQtServer is cmd/chat against our QML server.
func TestQtServer(t *testing.T) {
	t.Parallel()
	p := qml(t, serverQML, "0")
	port, ok := strings.CutPrefix(p.next(), listening)
	if !ok {
		t.Fatal("it doesn't listen")
	}
	in := "hello\n\nПривет, мир 😀\n" + strings.Repeat("я", 600_000) + "\n"
	out, status := chat(t, strings.NewReader(in), 0, "ws://127.0.0.1:"+port)
	if want := "Welcome to Awesome Chat\n" + in; out != want {
		t.Errorf("%.100q and %d bytes; want %.100q and %d", out, len(out), want, len(want))
	}
	if !strings.HasPrefix(status, "# socket open\n# socket closed") || strings.Count(status, "\n") != 2 {
		t.Errorf("%q", status)
	}
	p.expect("client connected", "Message: hello", "Message: ", "Message: Привет, мир 😀")
	if got, want := p.next(), "Message: "+strings.Repeat("я", 600_000); got != want {
		t.Errorf("%d bytes; want %d", len(got), len(want))
	}
	p.expect("client disconnected")
	// A second server on the port says so and ends.
	qml(t, serverQML, port).expect("socket error The bound address is already in use", theEnd)
}

// TestQtClientOnChat is our QML client against cmd/chat that listens.
func TestQtClientOnChat(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	addr := l.Addr().String()
	cmd := exec.Command(filepath.Join(bin, "chat"), "-listen", addr)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	p := qml(t, clientQML, "ws://"+addr, "Привет", "<b>bye</b>")
	for line := ""; line != "# socket open"; { // it tries until chat listens
		if line = p.next(); line == theEnd {
			t.Fatal(line)
		}
	}
	lines := bufio.NewScanner(out)
	for _, m := range []string{"Привет", "<b>bye</b>"} {
		io.WriteString(in, "and?\n")
		p.expect("< and?", "> "+m)
		if !lines.Scan() || lines.Text() != m {
			t.Fatalf("%q; want %q", lines.Text(), m)
		}
	}
	in.Close()
	p.expect("# socket closed")
}

// chat runs cmd/chat with input and returns what it printed.
func chat(t *testing.T, input io.Reader, code int, args ...string) (out, status string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(bin, "chat"), args...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var o, e strings.Builder
	cmd.Stdout, cmd.Stderr = &o, &e
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		io.Copy(in, input)
		in.Close()
	}()
	cmd.Wait()
	if got := cmd.ProcessState.ExitCode(); got != code {
		t.Errorf("exit code %d; want %d", got, code)
	}
	return o.String(), e.String()
}
