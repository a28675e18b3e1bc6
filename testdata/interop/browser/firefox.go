package browser

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"hawser/websocket"
	"hawser/websocket/client"
)

// Firefox is a page in a Firefox of its own. It is driven over WebDriver BiDi, which is
// WebSocket, and so by our own client. One goroutine at a time may use it.
type Firefox struct {
	cmd    *exec.Cmd
	data   string // the browser's folder
	conn   *websocket.Conn
	page   string // of all pages, by its id
	serial int
}

// OpenFirefox starts a browser, opens url in it and runs the script early there.
func OpenFirefox(url, early string) (*Firefox, error) {
	f := new(Firefox)
	if err := f.open(url, early); err != nil {
		f.Close()
		return nil, fmt.Errorf("firefox: %w", err)
	}
	return f, nil
}

func (f *Firefox) open(url, early string) (err error) {
	if f.data, err = os.MkdirTemp("", "firefox"); err != nil {
		return err
	}
	f.cmd = exec.Command("firefox-esr", "--headless", "--no-remote", "--new-instance", "--profile", f.data, "--remote-debugging-port", "0", "about:blank")
	f.cmd.Env = append(os.Environ(), "HOME="+f.data, "MOZ_CRASHREPORTER_DISABLE=1")
	errs, err := f.cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := f.cmd.Start(); err != nil {
		return err
	}
	var at string
	for lines := bufio.NewScanner(errs); at == "" && lines.Scan(); {
		_, at, _ = strings.Cut(lines.Text(), "WebDriver BiDi listening on ")
	}
	if at == "" {
		return errors.New("it doesn't say where its WebDriver is")
	}
	go io.Copy(io.Discard, errs)
	d := &client.Dialer{Config: websocket.Config{MaxMessage: 64 << 20}}
	if f.conn, _, err = d.Dial(context.Background(), at+"/session"); err != nil {
		return err
	}
	if err := f.call("session.new", map[string]any{"capabilities": map[string]any{}}, nil); err != nil {
		return err
	}
	var tree struct{ Contexts []struct{ Context string } }
	if err := f.call("browsingContext.getTree", map[string]any{}, &tree); err != nil {
		return err
	}
	if len(tree.Contexts) == 0 {
		return errors.New("it has no page")
	}
	f.page = tree.Contexts[0].Context
	if err := f.call("browsingContext.navigate", map[string]any{"context": f.page, "url": url, "wait": "complete"}, nil); err != nil {
		return err
	}
	_, err = f.evaluate(early)
	return err
}

// Close ends the browser.
func (f *Firefox) Close() {
	if f.conn != nil {
		f.conn.CloseNow()
	}
	if f.cmd != nil && f.cmd.Process != nil {
		f.cmd.Process.Signal(os.Interrupt)
		f.cmd.Wait()
	}
	os.RemoveAll(f.data)
}

// call calls a method of WebDriver BiDi. Its result, if that isn't nil, is unmarshalled
// from JSON.
func (f *Firefox) call(method string, params map[string]any, result any) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	f.serial++
	if err := websocket.WriteJSON(ctx, f.conn, map[string]any{"id": f.serial, "method": method, "params": params}); err != nil {
		return err
	}
	for {
		var a struct {
			Type, Error, Message string
			ID                   int
			Result               json.RawMessage
		}
		switch err := websocket.ReadJSON(ctx, f.conn, &a); {
		case err != nil:
			return err
		case a.Type == "event" || a.ID != f.serial:
		case a.Type == "error":
			return fmt.Errorf("%s: %s: %s", method, a.Error, a.Message)
		case result != nil:
			return json.Unmarshal(a.Result, result)
		default:
			return nil
		}
	}
}

func (f *Firefox) evaluate(expression string) (string, error) {
	var r struct {
		Result           struct{ Value any }
		ExceptionDetails any
	}
	err := f.call("script.evaluate", map[string]any{
		"expression": expression, "target": map[string]any{"context": f.page}, "awaitPromise": true}, &r)
	if err == nil && r.ExceptionDetails != nil {
		err = fmt.Errorf("%.200s: %v", expression, r.ExceptionDetails)
	}
	return fmt.Sprint(r.Result.Value), err
}

// Eval runs the body of an async function in the page and returns what it returned, as
// text.
func (f *Firefox) Eval(script string) (string, error) {
	return f.evaluate("(async () => {" + script + "})()")
}
