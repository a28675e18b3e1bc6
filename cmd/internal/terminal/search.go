package terminal

import "strings"

// A search is a search backwards through the history (Ctrl-R).
type search struct {
	text   string // to find
	before string // the line when the search began
	place  int    // of the line found
}

func (s *search) prompt() string { return "(search " + s.text + ") " }

// searchKey applies a key to the search. It returns false for one that ends it and
// then does what it does to the line found.
func (t *Terminal) searchKey(k key) bool {
	s := t.search
	switch {
	case !k.alt && k.r == ctrl('R'):
		t.find(s.place - 1)
	case !k.alt && k.r == ctrl('G'):
		t.search = nil
		t.line.set(s.before)
	case !k.alt && (k.r == 0x7F || k.r == ctrl('H')):
		if s.text != "" {
			text := []rune(s.text)
			s.text = string(text[:previous(text, len(text))])
		}
		t.find(len(t.history.lines) - 1)
	case !k.alt && k.r >= 0x20:
		s.text += string(k.r)
		t.find(s.place)
	default:
		t.search = nil
		return false
	}
	return true
}

// find shows the latest line with the text, from place on backwards.
func (t *Terminal) find(place int) {
	s := t.search
	for i := min(place, len(t.history.lines)-1); i >= 0; i-- {
		if strings.Contains(t.history.lines[i], s.text) {
			s.place = i
			t.place = i
			t.line.set(t.history.lines[i])
			return
		}
	}
}
