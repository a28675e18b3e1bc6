package report

import (
	"os"
	"path/filepath"
	"testing"
)

// write writes a report of the suite on one agent into a folder.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReadSaveLoad(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{
		"index.json": `{"us": {"7.3.1": {"reportfile": "a.json", "duration": 7}, "13.7.1": {"reportfile": "b.json"}}}`,
		"a.json":     `{"behavior": "OK", "behaviorClose": "OK", "remoteCloseCode": null, "localCloseCode": 1000, "httpRequest": "GET / HTTP/1.1\r\nHost: h:1\r\n"}`,
		"b.json": `{"behavior": "OK", "behaviorClose": "OK", "remoteCloseCode": 1000, "localCloseCode": 1001,
			"httpRequest": "GET / HTTP/1.1\r\nSec-WebSocket-Extensions: a; x=9, a\r\nsec-websocket-extensions: b\r\n",
			"httpResponse": "HTTP/1.1 101\r\nSEC-WEBSOCKET-EXTENSIONS: a; x=9"}`,
	})
	r, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "saved.txt")
	if err := r.Save(file, "us"); err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(file)
	want := "# us: case, behavior, behavior of the close, its close code, the suite's | extensions offered | and answered\n" +
		"7.3.1 OK OK - 1000\n" +
		"13.7.1 OK OK 1000 1001 | a; x=9, a, b | a; x=9\n"
	if string(text) != want {
		t.Errorf("%s; want %s", text, want)
	}
	loaded, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(loaded) != 2 || loaded["7.3.1"] != r["7.3.1"] || loaded["13.7.1"] != r["13.7.1"] {
		t.Errorf("%v; want %v", loaded, r)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	good := Verdict{Behavior: "OK", Close: "OK", Code: "1000"}
	info := Verdict{Behavior: "INFORMATIONAL", Close: "INFORMATIONAL", Code: "1000"}
	for name, tt := range map[string]struct {
		r      Report
		faults int
	}{
		"perfect":                 {Report{"1.1.1": good, "7.1.6": info}, 0},
		"missing":                 {Report{"7.1.6": info}, 1},
		"not in the list":         {Report{"1.1.1": good, "7.1.6": info, "1.1.2": good}, 1},
		"non-strict":              {Report{"1.1.1": {Behavior: "NON-STRICT", Close: "OK"}, "7.1.6": info}, 1},
		"wrong code":              {Report{"1.1.1": {Behavior: "OK", Close: "WRONG CODE"}, "7.1.6": info}, 1},
		"unclean":                 {Report{"1.1.1": {Behavior: "OK", Close: "UNCLEAN"}, "7.1.6": info}, 1},
		"unimplemented":           {Report{"1.1.1": {Behavior: "UNIMPLEMENTED", Close: "OK"}, "7.1.6": info}, 1},
		"informational elsewhere": {Report{"1.1.1": info, "7.1.6": info}, 1},
		"informational failed":    {Report{"1.1.1": good, "7.1.6": {Behavior: "FAILED", Close: "FAILED"}}, 1},
	} {
		if got := tt.r.Check([]string{"1.1.1", "7.1.6"}); len(got) != tt.faults {
			t.Errorf("%s: %q; want %d faults", name, got, tt.faults)
		}
	}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	was := Report{"1.1.1": {Behavior: "OK", Close: "OK", Code: "1000"}, "2.1": {Behavior: "OK", Close: "OK", Code: "1002"}}
	now := Report{"2.1": {Behavior: "OK", Close: "OK", Code: "1007"}}
	if d := now.Diff(was); len(d) != 1 {
		t.Errorf("%q", d)
	}
	if d := was.Diff(was); len(d) != 0 {
		t.Errorf("%q", d)
	}
}
