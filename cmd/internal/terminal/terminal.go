// Package terminal reads lines from a terminal, with editing and a history,
// while other text is printed above them.
package terminal

import (
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// Terminal is a terminal in use. All methods may be called from any goroutine,
// but only one at a time may be in ReadLine.
type Terminal struct {
	in     io.Reader
	out    io.Writer
	prompt string
	modes  modes

	mu            sync.Mutex // for all below, and so that drawings don't mix
	width, height int
	picture       picture
	hidden        bool // while the terminal is not ours
	closed        bool

	line    buffer
	unread  []byte // keys
	pasting bool
	history *History
	place   int    // in the history; behind its end is the line being typed
	draft   []rune // that line, while another one is shown
	search  *search
}

// Open takes over the terminal that in and out are. Close gives it back.
func Open(in, out *os.File, prompt string, h *History) (*Terminal, error) {
	t := &Terminal{in: in, out: out, prompt: prompt, history: h, modes: modes{file: in}}
	if err := t.modes.raw(); err != nil {
		return nil, err
	}
	t.place = len(h.lines)
	t.watchSignals()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.redraw(pasteOn)
	return t, nil
}

// The terminal marks what is pasted, so that a tab or an escape in it is
// no command.
const (
	pasteOn  = "\x1b[?2004h"
	pasteOff = "\x1b[?2004l"
)

// Close takes the line being typed off the screen and gives the terminal back as
// it was.
func (t *Terminal) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		t.hide()
		t.closed = true
	}
}

// Restore gives the terminal back in an emergency, whatever other goroutines
// hold.
func (t *Terminal) Restore() {
	if !t.modes.restore() {
		return
	}
	written := make(chan struct{})
	go func() {
		io.WriteString(t.out, pasteOff+"\r\n")
		close(written)
	}()
	select {
	case <-written:
	case <-time.After(100 * time.Millisecond): // it takes nothing
	}
}

// rescue, deferred by a goroutine, gives the terminal back if that panics.
func (t *Terminal) rescue() {
	if p := recover(); p != nil {
		t.Restore()
		panic(p)
	}
}

// Print prints a line of text, or several, above the line being typed.
func (t *Terminal) Print(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.redraw(strings.ReplaceAll(text, "\n", "\r\n") + "\r\n")
}

// ReadLine returns the next line typed, without its end, and [io.EOF] after
// Ctrl-D on an empty line. Each line of pasted text is one.
func (t *Terminal) ReadLine() (string, error) {
	chunk := make([]byte, 4096)
	t.mu.Lock()
	defer t.mu.Unlock()
	for {
		line, done, err := t.applyKeys()
		if !t.hidden {
			t.redraw("")
		}
		if done || err != nil {
			return line, err
		}
		t.mu.Unlock()
		n, err := t.in.Read(chunk)
		t.mu.Lock()
		t.unread = append(t.unread, chunk[:n]...)
		if err != nil {
			return "", err
		}
	}
}

// applyKeys applies the keys that have arrived, up to the end of a line.
func (t *Terminal) applyKeys() (line string, done bool, err error) {
	for {
		parse := parseKey
		if t.pasting {
			parse = parsePasted
		}
		k, n := parse(t.unread)
		if n == 0 {
			return "", false, nil
		}
		if t.unread = t.unread[n:]; len(t.unread) == 0 {
			t.unread = nil
		}
		if line, done, err = t.apply(k); done || err != nil {
			return line, done, err
		}
	}
}

// apply applies one key.
func (t *Terminal) apply(k key) (line string, done bool, err error) {
	if t.pasting && k.r != keyPasteEnd && k.r != '\r' && k.r != '\n' {
		if k.r >= 0 {
			t.line.insert(k.r)
		}
		return "", false, nil
	}
	if t.search != nil && t.searchKey(k) {
		return "", false, nil
	}
	switch {
	case k.alt:
	case k.r == '\r' || k.r == '\n':
		line = string(t.line.text)
		t.history.Add(line)
		t.place = len(t.history.lines)
		t.line.set("")
		t.line.chain = false
		return line, true, nil
	case k.r == ctrl('D') && len(t.line.text) == 0:
		return "", false, io.EOF
	case k.r == keyPaste, k.r == keyPasteEnd:
		t.pasting = k.r == keyPaste
		return "", false, nil
	case k.r == keyUp, k.r == ctrl('P'):
		t.recall(t.place - 1)
		return "", false, nil
	case k.r == keyDown, k.r == ctrl('N'):
		t.recall(t.place + 1)
		return "", false, nil
	case k.r == ctrl('R'):
		t.search = &search{before: string(t.line.text), place: len(t.history.lines)}
		return "", false, nil
	case k.r == ctrl('L'):
		io.WriteString(t.out, "\x1b[H\x1b[2J")
		t.picture = picture{}
		return "", false, nil
	}
	t.line.edit(k)
	return "", false, nil
}

// recall shows a line of the history, or the one being typed behind its end.
func (t *Terminal) recall(place int) {
	lines := t.history.lines
	if place < 0 || place > len(lines) {
		return
	}
	if t.place == len(lines) {
		t.draft = t.line.text
	}
	if t.place = place; place == len(lines) {
		t.line.set(string(t.draft))
	} else {
		t.line.set(lines[place])
	}
}

// redraw writes text, whole lines, in the place of the line being typed and
// draws that below. It's called with t.mu held, as all that follow.
func (t *Terminal) redraw(text string) {
	if t.hidden || t.closed {
		io.WriteString(t.out, text)
		return
	}
	t.measure()
	out := t.picture.erase(t.width) + text
	if s := t.search; s != nil {
		out += t.picture.draw(s.prompt(), t.line.text, t.line.pos, t.width, t.height)
	} else {
		out += t.picture.draw(t.prompt, t.line.text, t.line.pos, t.width, t.height)
	}
	io.WriteString(t.out, out)
}

// hide gives the terminal back, for a while or for ever.
func (t *Terminal) hide() {
	if !t.hidden {
		t.measure()
		io.WriteString(t.out, t.picture.erase(t.width)+pasteOff)
		t.hidden = true
	}
	t.modes.restore()
}

// show takes over the terminal again.
func (t *Terminal) show() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || t.modes.raw() != nil {
		return
	}
	t.hidden = false
	t.picture = picture{}
	t.redraw(pasteOn)
}

// again draws the line again, as the screen has changed.
func (t *Terminal) again() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.redraw("")
}

// measure learns the size of the screen. It's asked for each time, as the signal
// that it has changed may come late.
func (t *Terminal) measure() {
	f, ok := t.out.(*os.File)
	if !ok {
		return
	}
	t.width, t.height = windowSize(f)
	if t.width <= 0 || t.height <= 0 {
		t.width, t.height = 80, 24
	}
	t.width, t.height = max(t.width, 4), max(t.height, 2) // room for the prompt and a wide character
}
