package main

import (
	"fmt"
	"time"

	"hawser/websocket/testdata/interop/browser"
)

// drawPage chats on the page and takes a screenshot.
func drawPage(url string) ([]byte, error) {
	p, err := browser.Open(url, "")
	if err != nil {
		return nil, err
	}
	defer p.Close()
	lines := 2
	for _, text := range []string{"", "hello", "Привет, мир 😀", "<img src=x onerror=alert(1)> is text"} {
		if text != "" {
			if err := p.Type(text); err != nil {
				return nil, err
			}
			lines += 2
		}
		if err := waitLines(p, lines); err != nil {
			return nil, err
		}
	}
	if _, err := p.Eval(`const drop = new DataTransfer()
	  drop.items.add(new File([new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10])], 'picture.png'))
	  dispatchEvent(new DragEvent('drop', { dataTransfer: drop }))`); err != nil {
		return nil, err
	}
	if err := waitLines(p, lines+2); err != nil {
		return nil, err
	}
	return p.Screenshot(560, 380, "light")
}

// waitLines waits until the log has n lines.
func waitLines(p *browser.Page, n int) error {
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		got, err := p.Eval(`await new Promise(r => setTimeout(r, 20)); return document.querySelectorAll('#log p').length`)
		if err != nil || got == fmt.Sprint(n) {
			return err
		}
	}
	return fmt.Errorf("the page doesn't get to %d lines", n)
}
