package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// watch is a script that counts what the page must never do.
const watch = `
  window.bad = []
  addEventListener('securitypolicyviolation', e => bad.push(e.violatedDirective + ' ' + e.blockedURI))
  addEventListener('error', e => bad.push('error ' + e.message))
  addEventListener('unhandledrejection', e => bad.push('rejected ' + e.reason))
  window.lines = () => [...document.querySelectorAll('#log p')].map(e => e.textContent)`

// chatPage opens the page that cmd/echo serves. At the end of the test nothing
// must have gone wrong in it.
func chatPage(t *testing.T, addr string) *page { return chatPageAt(t, addr, "/") }

func chatPageAt(t *testing.T, addr, path string) *page {
	t.Helper()
	p := open(t, "http://"+addr+path, watch)
	t.Cleanup(func() {
		if got := p.eval(`return bad.join(', ')`); got != "" {
			t.Error("in the page:", got)
		}
		for _, e := range p.Events {
			// What can't connect is an error that the browser logs by itself.
			wrong := strings.HasPrefix(e, "Log.entryAdded") && !strings.Contains(e, "ERR_CONNECTION_REFUSED")
			if wrong || strings.HasPrefix(e, "Runtime.exceptionThrown") || strings.HasPrefix(e, "Page.javascriptDialogOpening") {
				t.Errorf("%.500s", e)
			}
		}
	})
	return p
}

// until waits until the last lines are want.
func (p *page) until(want ...string) {
	p.t.Helper()
	var got []string
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		got = strings.Split(p.eval(`return lines().join('\u0001')`), "\x01")
		got = got[max(0, len(got)-len(want)):]
		if cmp.Equal(got, want) {
			return
		}
		p.eval(`await new Promise(r => setTimeout(r, 20))`)
	}
	p.t.Fatal(cmp.Diff(want, got))
}

// do fails the test if what the user did was not possible.
func (p *page) do(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// TestPage uses the page as a person does.
func TestPage(t *testing.T) {
	t.Parallel()
	addr, _ := echo(t, "-quiet")
	p := chatPage(t, addr)
	p.until("# socket open", "< Welcome to Awesome Chat")
	for _, text := range []string{
		"hello", "", "Привет, мир", "😀👩‍👩‍👧",
		"T3: <b>bold</b>",
		"T3: <img src=x onerror=alert(1)>",
		"T3: <script>alert(1)</script>",
		"T3: </p><iframe srcdoc='<script>parent.bad.push(1)</script>'>",
		"T1: \u202egnp.exe",
	} {
		p.do(p.Type(text))
		p.until("> "+text, "< "+text)
		if got := p.eval(`return document.activeElement.id + ':' + document.activeElement.value`); got != "text:" {
			t.Errorf("%q leaves %q in the focus", text, got)
		}
	}
	if got := p.eval(`return document.querySelectorAll('#log :not(p, span, bdi)').length`); got != "0" {
		t.Errorf("T3: %s elements come from messages", got)
	}
}

// TestPagePolicy: were there a hole in the page, its policy would still keep out
// what is not the page's own.
func TestPagePolicy(t *testing.T) {
	t.Parallel()
	addr, _ := echo(t, "-quiet")
	other, _ := echo(t, "-quiet", "-origins", "*")
	p := open(t, "http://"+addr+"/", watch)
	p.until("# socket open", "< Welcome to Awesome Chat")
	for _, tt := range []struct{ name, script, want string }{
		{"markup", `document.body.innerHTML = '<b>x</b>'`, "require-trusted-types-for trusted-types-sink"},
		{"script", `document.body.append(Object.assign(document.createElement('script'), { text: '1' }))`, "require-trusted-types-for trusted-types-sink"},
		{"handler", `const img = new Image(); img.setAttribute('onerror', '1')`, "require-trusted-types-for trusted-types-sink"},
		{"image", `new Image().src = '/healthz'`, "img-src http://" + addr + "/healthz"},
		{"style", `document.body.append(Object.assign(document.createElement('style'), { textContent: 'p {}' }))`, "style-src-elem inline"},
		{"base", `document.head.append(Object.assign(document.createElement('base'), { href: '/x/' }))`, "base-uri http://" + addr + "/x/"},
		{"socket", `new WebSocket('ws://` + other + `/')`, "connect-src ws://" + other + "/"},
		{"frame", `document.body.append(Object.assign(document.createElement('iframe'), { src: '/healthz' }))`, "frame-src http://" + addr + "/healthz"},
	} {
		got := p.eval(`try { ` + tt.script + ` } catch {}
		  while (bad.length === 0) await new Promise(r => setTimeout(r, 20))
		  return bad.splice(0).join()`)
		if got != tt.want {
			t.Errorf("%s: %q; want %q", tt.name, got, tt.want)
		}
	}
}

func TestPageFiles(t *testing.T) {
	t.Parallel()
	addr, _ := echo(t, "-quiet")
	p := chatPage(t, addr)
	p.until("# socket open", "< Welcome to Awesome Chat")
	file := func(name string, content []byte) string {
		path := filepath.Join(t.TempDir(), name)
		p.do(os.WriteFile(path, content, 0o600))
		return path
	}
	p.do(p.Choose("#file", file("small", []byte{0xff, 0, 0x80})))
	p.until("> (3 bytes) ff0080", "< (3 bytes) ff0080")
	p.do(p.Choose("#file", file("empty", nil)))
	p.until("> (0 bytes) ", "< (0 bytes) ")
	p.do(p.Drop(file("dropped", []byte("drop"))))
	p.until("> (4 bytes) 64726f70", "< (4 bytes) 64726f70")
	large := "(1048576 bytes) " + strings.Repeat("2a", 64) + "…"
	p.do(p.Drop(file("large", []byte(strings.Repeat("*", 1<<20)))))
	p.until("> "+large, "< "+large)
	folder := t.TempDir()
	p.do(p.Drop(folder))
	p.until("# " + filepath.Base(folder) + " can't be read")
	if got := p.eval(`return document.body.className`); got != "" {
		t.Errorf("after a drop the page looks %q", got)
	}
}

// TestPageLong: what is long is cut, old lines go, and the log follows new ones
// unless the reader scrolled up.
func TestPageLong(t *testing.T) {
	t.Parallel()
	addr, _ := echo(t, "-quiet")
	p := chatPage(t, addr)
	p.until("# socket open", "< Welcome to Awesome Chat")
	p.eval(`text.value = 'я'.repeat(500000)`)
	p.do(p.Type(""))
	cut := strings.Repeat("я", 10000) + "… (500000 characters)"
	p.until("> "+cut, "< "+cut)
	p.eval(`for (let i = 0; i < 1000; i++) { text.value = i; form.requestSubmit() }`)
	p.until("< 998", "< 999")
	if got := p.eval(`return lines().length`); got != "1000" {
		t.Errorf("%s lines", got)
	}
	const away = `
	  const frame = () => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))
	  const away = () => Math.round(log.scrollHeight - log.scrollTop - log.clientHeight)
	  await frame()
	  `
	if got := p.eval(away + `return away() <= 1`); got != "true" {
		t.Error("the log doesn't follow")
	}
	p.eval(away + `log.scrollTop = 0; await frame()`)
	p.eval(`socket.send('unseen')`)
	p.until("< unseen")
	if got := p.eval(away + `return away() > 1000`); got != "true" {
		t.Error("the log runs away from its reader")
	}
	p.do(p.Type("seen"))
	p.until("> seen", "< seen")
	if got := p.eval(away + `return away() <= 1`); got != "true" {
		t.Error("the log doesn't go back to its end")
	}
}

func TestPageReconnects(t *testing.T) {
	t.Parallel()
	addr, stop := echo(t, "-quiet")
	p := chatPage(t, addr)
	p.until("# socket open", "< Welcome to Awesome Chat")
	stop()
	p.until("< Welcome to Awesome Chat", "# socket closed 1001")
	p.do(p.Type("not lost"))
	p.until("# socket closed 1001", "# not sent, the socket is not open")
	if got := p.eval(`return text.value`); got != "not lost" {
		t.Errorf("the input has %q", got)
	}
	if got := p.eval(`while (!state.textContent.startsWith('closed, next try in ')) await new Promise(r => setTimeout(r, 20)); return lines().length`); got != "4" {
		t.Errorf("%s lines: an outage is told more than once", got)
	}
	echo(t, "-quiet", "-addr", addr)
	p.until("# not sent, the socket is not open", "# socket open", "< Welcome to Awesome Chat")
	p.do(p.Type(""))
	p.until("> not lost", "< not lost")
}

// TestPageShowsTheEnd shows the code and reason of a close.
func TestPageShowsTheEnd(t *testing.T) {
	t.Parallel()
	addr, _ := echo(t, "-quiet", "-max-message", "10")
	p := chatPage(t, addr)
	p.until("# socket open", "< Welcome to Awesome Chat")
	p.do(p.Type("more than ten bytes"))
	p.until("> more than ten bytes", "# socket closed 1009", "# socket open", "< Welcome to Awesome Chat")
	if got := p.eval(`socket.onclose({ code: 4000, reason: '<b>bye</b>' }); return lines().at(-1)`); got != "# socket closed 4000 <b>bye</b>" {
		t.Errorf("%q", got)
	}
}

// TestPageOnAPhone: nothing is wider than the screen or too small for a finger,
// and in both schemes the text stands out.
func TestPageOnAPhone(t *testing.T) {
	t.Parallel()
	addr, _ := echo(t, "-quiet")
	p := chatPage(t, addr)
	p.until("# socket open", "< Welcome to Awesome Chat")
	p.do(p.Type(strings.Repeat("w", 200)))
	for _, scheme := range []string{"dark", "light"} {
		if _, err := p.Screenshot(320, 480, scheme); err != nil {
			t.Fatal(err)
		}
		if got := p.eval(`return document.documentElement.scrollWidth + 'x' + document.documentElement.scrollHeight`); got != "320x480" {
			t.Errorf("%s: the page is %s", scheme, got)
		}
		for _, id := range []string{"text", "choose"} {
			if got := p.eval(fmt.Sprintf(`return %s.offsetHeight >= 44`, id)); got != "true" {
				t.Errorf("%s is too small", id)
			}
		}
		got := p.eval(`
		  const light = css => css.match(/\d+/g).slice(0, 3).map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0)
		  const back = light(getComputedStyle(document.body).backgroundColor)
		  const low = []
		  for (const e of document.querySelectorAll('h1, #state, #log p, #log span, button, #text')) {
		    const front = light(getComputedStyle(e).color)
		    const contrast = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05)
		    if (contrast < 4.5) low.push(e.tagName + e.className + ' ' + contrast)
		  }
		  return low.join()`)
		if got != "" {
			t.Errorf("%s: low contrast of %s", scheme, got)
		}
	}
}

// TestPageInARoom: on /room/NAME browsers chat with each other.
func TestPageInARoom(t *testing.T) {
	t.Parallel()
	addr, _ := echo(t, "-quiet")
	enter := func(path string) *page {
		p := chatPageAt(t, addr, path)
		p.until("# socket open")
		p.do(p.Type("I'm here")) // and so is its membership, once that comes back
		p.until("> I'm here", "< I'm here")
		return p
	}
	ann, eve := enter("/room/tea%20%E2%98%95"), enter("/room/other")
	bob := enter("/room/tea%20%E2%98%95")
	bob.do(bob.Type("hello, Ann"))
	bob.until("> hello, Ann", "< hello, Ann")
	ann.until("< hello, Ann")
	ann.do(ann.Type("hello, Bob"))
	ann.until("> hello, Bob", "< hello, Bob")
	bob.until("< hello, Bob")
	eve.until("> I'm here", "< I'm here")
}

// TestPageForAll: who doesn't see the page, or has no mouse, gets along too.
func TestPageForAll(t *testing.T) {
	t.Parallel()
	addr, _ := echo(t, "-quiet")
	p := chatPage(t, addr)
	p.until("# socket open", "< Welcome to Awesome Chat")
	var tree struct {
		Nodes []struct {
			Ignored    bool
			Role, Name struct{ Value any }
		}
	}
	p.do(p.Call("Accessibility.getFullAXTree", nil, &tree))
	var got []string
	for _, n := range tree.Nodes {
		switch role := fmt.Sprint(n.Role.Value); role {
		case "banner", "main", "heading", "log", "image", "textbox", "button":
			if !n.Ignored {
				got = append(got, fmt.Sprint(role, " ", n.Name.Value))
			}
		}
	}
	want := []string{"banner ", "main ", "heading Awesome Chat", "log Messages", "image status", "image received",
		"textbox Message", "button Send", "button File…"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for _, want := range []string{"text", "Send", "choose"} {
		if got := p.eval(`const e = document.activeElement; return e.id || e.textContent`); got != want {
			t.Errorf("the focus is on %q; want %q", got, want)
		}
		p.do(p.Press("Tab", 9, ""))
	}
}
