package engine

import (
	"encoding/hex"
	"sync"
	"unicode/utf8"

	"hawser/websocket/frame"
)

// How much of it a log shows: entries, and bytes of each.
const (
	maxEntries = 2000
	maxShown   = 64
)

// Log is what went over the wire, in the form that Autobahn's reports have it: a
// list of entries that are lists themselves, whose first element tells their kind.
// Its methods may be called from any goroutine.
type Log struct {
	mu      sync.Mutex
	quiet   bool    // guarded by mu, like all below
	entries [][]any // at most maxEntries
	stats   Stats
}

// Stats count what went over the wire.
type Stats struct {
	RxOctets, TxOctets map[int]int  // reads and writes, by their size in bytes
	RxFrames, TxFrames map[byte]int // frames, by their opcode
	In, Out            Traffic      // messages
}

// Traffic counts data frames and messages of one direction.
type Traffic struct {
	App, Payload, Wire int64 // bytes of messages; of payloads, compressed or not; with headers
	Frames, Messages   int64
}

// NewLog returns an empty log.
func NewLog() *Log {
	return &Log{stats: Stats{
		RxOctets: map[int]int{}, TxOctets: map[int]int{},
		RxFrames: map[byte]int{}, TxFrames: map[byte]int{},
	}}
}

// Quiet turns the entries off for a case that sends too much to be read, and on
// again. Counting goes on.
func (l *Log) Quiet(quiet bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if quiet != l.quiet {
		l.quiet = false
		l.addLocked("WLM", !quiet)
		l.quiet = quiet
	}
}

// Entries returns the entries, and whether they are all.
func (l *Log) Entries() (entries [][]any, all bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.entries[:len(l.entries):len(l.entries)], !l.quiet && len(l.entries) < maxEntries
}

// Stats returns the counts. They are to be read once the connection has ended.
func (l *Log) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stats
}

// Note adds an entry that is neither frame nor octets, such as a wait.
func (l *Log) Note(entry ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.addLocked(entry...)
}

func (l *Log) addLocked(entry ...any) {
	if !l.quiet && len(l.entries) < maxEntries {
		l.entries = append(l.entries, entry)
	}
}

func (l *Log) rxOctets(p []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.RxOctets[len(p)]++
	l.addLocked("RO", shownHex(p))
}

func (l *Log) txOctets(p []byte, chopped bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.TxOctets[len(p)]++
	l.addLocked("TO", shownHex(p), chopped)
}

func (l *Log) rxFrame(h *frame.Header, size int, p []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.RxFrames[byte(h.Opcode)]++
	if !h.Opcode.IsControl() {
		l.stats.In.frame(len(p), size)
	}
	l.addLocked("RF", shownText(p), h.Opcode, h.Fin, h.Rsv>>4, h.Masked, shownKey(h))
}

func (l *Log) txFrame(h *frame.Header, size int, p []byte, chop int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.TxFrames[byte(h.Opcode)]++
	if !h.Opcode.IsControl() {
		l.stats.Out.frame(len(p), size)
	}
	var chopsize any
	if chop > 0 {
		chopsize = chop
	}
	l.addLocked("TF", shownText(p), h.Opcode, h.Fin, h.Rsv>>4, shownKey(h), nil, chopsize, chop > 0)
}

func (l *Log) message(t func(*Stats) *Traffic, size int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	in := t(&l.stats)
	in.App += int64(size)
	in.Messages++
}

func (t *Traffic) frame(payload, wire int) {
	t.Payload += int64(payload)
	t.Wire += int64(wire)
	t.Frames++
}

// shownHex is a length and the beginning of p in hexadecimal.
func shownHex(p []byte) []any {
	if len(p) > maxShown {
		return []any{len(p), hex.EncodeToString(p[:maxShown]) + " ..."}
	}
	return []any{len(p), hex.EncodeToString(p)}
}

// shownText is a length and the beginning of p, in hexadecimal if it's no text.
func shownText(p []byte) []any { return []any{len(p), Show(p)} }

// Show returns the beginning of p for people to read: as it is if it's text, else
// in hexadecimal behind "0x".
func Show(p []byte) string {
	shown, more := p, ""
	if len(p) > maxShown {
		shown, more = p[:maxShown], " ..."
		for i := 0; i < utf8.UTFMax-1 && !utf8.Valid(shown) && len(shown) > 0; i++ {
			shown = shown[:len(shown)-1] // a character that was cut
		}
	}
	if utf8.Valid(shown) {
		return string(shown) + more
	}
	return "0x" + hex.EncodeToString(p[:min(len(p), maxShown)]) + more
}

func shownKey(h *frame.Header) any {
	if !h.Masked {
		return nil
	}
	return hex.EncodeToString(h.Key[:])
}
