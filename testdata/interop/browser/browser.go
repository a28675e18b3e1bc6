// Package browser drives a headless Chromium. Its DevTools speak WebSocket, so
// our own client is the driver.
package browser

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	"hawser/websocket"
	"hawser/websocket/client"
)

// timeout bounds each call; a machine may be busy.
const timeout = 2 * time.Minute

// Page is a page in a browser of its own. One goroutine at a time may use it.
type Page struct {
	// Events are the names of what happened in the page so far, with details.
	Events []string

	cmd    *exec.Cmd
	data   string // the browser's folder
	conn   *websocket.Conn
	serial int
}

// Open starts a browser and opens url in it. The script early, if there is one,
// runs in the page before those of the page itself. The flags are for the browser.
func Open(url, early string, flags ...string) (*Page, error) {
	p := new(Page)
	if err := p.open(url, early, flags); err != nil {
		p.Close()
		return nil, fmt.Errorf("chromium: %w", err)
	}
	return p, nil
}

func (p *Page) open(url, early string, flags []string) (err error) {
	if p.data, err = os.MkdirTemp("", "chromium"); err != nil {
		return err
	}
	tools, err := p.start(flags)
	if err != nil {
		return err
	}
	if err := p.attach(tools); err != nil {
		return err
	}
	for _, domain := range []string{"Page", "Runtime", "Log"} {
		if err := p.Call(domain+".enable", nil, nil); err != nil {
			return err
		}
	}
	if err := p.Call("Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": early}, nil); err != nil {
		return err
	}
	if err := p.Call("Page.navigate", map[string]any{"url": url}, nil); err != nil {
		return err
	}
	return p.await("Page.loadEventFired")
}

// start starts the browser and returns the host and port of its DevTools.
func (p *Page) start(flags []string) (string, error) {
	p.cmd = exec.Command("chromium", append(flags, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-proxy-server", "--hide-scrollbars",
		"--user-data-dir="+p.data, "--remote-debugging-port=0", "about:blank")...)
	errs, err := p.cmd.StderrPipe()
	if err != nil {
		return "", err
	}
	if err := p.cmd.Start(); err != nil {
		return "", err
	}
	lines := bufio.NewScanner(errs)
	for lines.Scan() {
		if _, tools, ok := strings.Cut(lines.Text(), "DevTools listening on "); ok {
			go io.Copy(io.Discard, errs)
			u, err := url.Parse(tools)
			return u.Host, err
		}
	}
	return "", errors.New("it doesn't say where its DevTools are")
}

// attach opens a tab and connects to its DevTools.
func (p *Page) attach(tools string) error {
	req, err := http.NewRequest(http.MethodPut, "http://"+tools+"/json/new?about:blank", nil)
	if err != nil {
		return err
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var target struct {
		WebSocketDebuggerURL string `json:"webSocketDebuggerUrl"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&target); err != nil {
		return err
	}
	d := &client.Dialer{Config: websocket.Config{MaxMessage: 64 << 20}}
	p.conn, _, err = d.Dial(context.Background(), target.WebSocketDebuggerURL)
	return err
}

// Close ends the browser.
func (p *Page) Close() {
	if p.conn != nil {
		p.conn.CloseNow()
	}
	if p.cmd != nil && p.cmd.Process != nil {
		p.cmd.Process.Signal(os.Interrupt)
		p.cmd.Wait()
	}
	os.RemoveAll(p.data)
}

// answer is a message from the DevTools: of a call, or an event.
type answer struct {
	ID     int
	Method string
	Params json.RawMessage
	Result json.RawMessage
	Error  *struct{ Message string }
}

// next reads one message and keeps it if it's an event.
func (p *Page) next(ctx context.Context) (a answer, err error) {
	if err = websocket.ReadJSON(ctx, p.conn, &a); err == nil && a.Method != "" {
		p.Events = append(p.Events, a.Method+" "+string(a.Params))
	}
	return a, err
}

// await reads until an event.
func (p *Page) await(event string) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	for {
		if a, err := p.next(ctx); err != nil || a.Method == event {
			return err
		}
	}
}

// Call calls a method of the DevTools protocol. Its result, if that isn't nil, is
// unmarshalled from JSON.
func (p *Page) Call(method string, params map[string]any, result any) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	p.serial++
	call := map[string]any{"id": p.serial, "method": method}
	if params != nil {
		call["params"] = params
	}
	if err := websocket.WriteJSON(ctx, p.conn, call); err != nil {
		return err
	}
	for {
		switch a, err := p.next(ctx); {
		case err != nil:
			return err
		case a.ID != p.serial:
		case a.Error != nil:
			return fmt.Errorf("%s: %s", method, a.Error.Message)
		case result != nil:
			return json.Unmarshal(a.Result, result)
		default:
			return nil
		}
	}
}

// Eval runs the body of an async function in the page and returns what it
// returned, as text.
func (p *Page) Eval(script string) (string, error) {
	var r struct {
		Result           struct{ Value any }
		ExceptionDetails any
	}
	err := p.Call("Runtime.evaluate", map[string]any{
		"expression": "(async () => {" + script + "})()", "awaitPromise": true, "returnByValue": true}, &r)
	if err == nil && r.ExceptionDetails != nil {
		err = fmt.Errorf("%.200s: %v", script, r.ExceptionDetails)
	}
	return fmt.Sprint(r.Result.Value), err
}
