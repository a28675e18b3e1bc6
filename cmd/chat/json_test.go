package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"hawser/websocket"
)

func TestIndented(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`{"a":[1,"x"],"b":{}}`:       "{\n  \"a\": [\n    1,\n    \"x\"\n  ],\n  \"b\": {}\n}",
		" [1] \n\n\t":                "[\n  1\n]",
		`"a\"b{[,:"`:                 `"a\"b{[,:"`,
		"1":                          "1",
		"":                           "",
		"{no":                        "",
		"1 2":                        "",
		strings.Repeat("[", 10_001):  "",
		`{"a":1}` + "\n" + `{"b":2}`: "",
	} {
		got, ok := indented([]byte(in), 1<<20)
		if string(got) != want || ok != (want != "") {
			t.Errorf("%.100q: %q, %v", in, got, ok)
		}
		if ok && indentedSize([]byte(in)) < len(got) {
			t.Errorf("%q: %d bytes, not %d", in, len(got), indentedSize([]byte(in)))
		}
	}
}

// TestJSONWithinBounds: a short message of deeply nested values doesn't become a
// very long one, neither in memory nor on the screen.
func TestJSONWithinBounds(t *testing.T) {
	const deep = 9_000
	message := strings.Repeat("[", deep) + strings.Repeat("[],", 13_000) + "0" + strings.Repeat("]", deep)
	if !json.Valid([]byte(message)) || len(message) > 60_000 {
		t.Fatal("the message is not what it should be:", len(message))
	}
	var out bytes.Buffer
	s := &screen{console: console{out: &out, outTerminal: true}, o: &options{json: true}}
	m := websocket.Message{Type: websocket.Text, Data: []byte(message)}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s.received(m, "")
	piped := s.plain(m)
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 4<<20 {
		t.Errorf("%d bytes allocated", n)
	}
	if out.String() != "< "+message+"\n" || string(piped) != message {
		t.Errorf("%d and %d bytes for %d", out.Len(), len(piped), len(message))
	}
}

// TestScreenWithinBounds: of a very long message a terminal gets the beginning and
// the size, whatever it has.
func TestScreenWithinBounds(t *testing.T) {
	for name, data := range map[string][]byte{
		"control_characters": bytes.Repeat([]byte{7}, 16<<20),
		"text":               bytes.Repeat([]byte("日"), 5<<20),
		"JSON":               []byte("[" + strings.Repeat("1,\n", 5<<20) + "1]"),
	} {
		var out bytes.Buffer
		s := &screen{console: console{out: &out, outTerminal: true}, o: &options{json: true}}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		s.received(websocket.Message{Type: websocket.Text, Data: data}, "")
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 64<<20 || out.Len() > 4*maxShown+100 {
			t.Errorf("%s: %d bytes allocated, %d shown", name, n, out.Len())
		}
		if want := fmt.Sprintf("... (%d bytes)\n", len(data)); !strings.HasSuffix(out.String(), want) || strings.Contains(out.String(), `\xe6`) {
			t.Errorf("%s: ends in %q", name, out.String()[max(0, out.Len()-40):])
		}
	}
}

// TestJSONInAPipe: -json indents there too.
func TestJSONInAPipe(t *testing.T) {
	t.Parallel()
	url := serve(t)
	code, out, errs := chat("[1] \nx\n", "-json", url+"/echo")
	if code != exitNormal || out != "[\n  1\n]\nx\n" {
		t.Errorf("exit code %d, %q, %q", code, out, errs)
	}
}
