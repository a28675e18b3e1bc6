package report

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"os"
	"slices"

	"hawser/websocket/cmd/conform/internal/cases"
)

//go:embed index.html
var indexText string

//go:embed detail.html
var detailText string

var (
	functions = template.FuncMap{
		"class": class, "rows": rows, "wire": wire, "octets": func(k, n int) int { return k * n },
		"opcode": func(b byte) int { return int(b) }, "show": show, "list": listed,
	}
	indexPage  = template.Must(template.New("index").Funcs(functions).Parse(indexText))
	detailPage = template.Must(template.New("detail").Funcs(functions).Parse(detailText))
)

func writeHTML(file string, page *template.Template, v any) error {
	var b bytes.Buffer
	if err := page.Execute(&b, v); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o666)
}

// index is what the page of it shows.
type index struct {
	Agents   []string
	Sections []section
}

type section struct {
	Number, Title string
	Rows          []row
}

// row has a case and what became of it, for each agent; nil if it was not run.
type row struct {
	ID, Sends, Wants string
	Cells            []*cell
}

type cell struct {
	*entry
	Page, Detail string
	Code         string
	Text         string
}

func (r *Report) indexLocked() index {
	x := index{Agents: slices.Sorted(maps.Keys(r.agents))}
	all := map[string]*cases.Case{}
	for _, entries := range r.agents {
		for id, e := range entries {
			all[id] = e.result.Case
		}
	}
	for _, id := range slices.SortedFunc(maps.Keys(all), cases.Compare) {
		number := cases.Section(id)
		if n := len(x.Sections); n == 0 || x.Sections[n-1].Number != number {
			x.Sections = append(x.Sections, section{Number: number, Title: cases.Titles[number]})
		}
		w := row{ID: id, Sends: all[id].Sends, Wants: all[id].Wants}
		for _, agent := range x.Agents {
			var c *cell
			if e := r.agents[agent][id]; e != nil {
				c = &cell{entry: e, Page: fileName(agent, id, "html"), Detail: e.detail, Code: "none", Text: e.result.Text}
				if e.RemoteCloseCode != nil {
					c.Code = fmt.Sprint(*e.RemoteCloseCode)
				}
			}
			w.Cells = append(w.Cells, c)
		}
		last := &x.Sections[len(x.Sections)-1]
		last.Rows = append(last.Rows, w)
	}
	return x
}

// class is the name of a verdict's style.
func class(v cases.Verdict) string {
	switch v {
	case cases.OK:
		return "ok"
	case cases.NonStrict, cases.WrongCode, cases.FailedByClient:
		return "weak"
	case cases.Informational, cases.Unimplemented:
		return "info"
	}
	return "failed"
}

type pair[K any] struct {
	Key K
	N   int
}

// rows are the elements of a map of counts, in order.
func rows(m any) any {
	switch m := m.(type) {
	case map[int]int:
		return sorted(m)
	case map[byte]int:
		return sorted(m)
	}
	return nil
}

func sorted[K cmp.Ordered](m map[K]int) (all []pair[K]) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		all = append(all, pair[K]{k, m[k]})
	}
	return all
}

// show is a value that may be missing.
func show(v any) string {
	switch v := v.(type) {
	case *int:
		if v != nil {
			return fmt.Sprint(*v)
		}
	case *string:
		if v != nil {
			return *v
		}
	default:
		return fmt.Sprint(v)
	}
	return "none"
}

// wire is an entry of the wire log for people to read.
func wire(e []any) string {
	data := func() any { return e[1].([]any)[1] }
	size := func() any { return e[1].([]any)[0] }
	switch e[0] {
	case "RO":
		return fmt.Sprintf("<-  %v bytes: %v", size(), data())
	case "TO":
		return fmt.Sprintf("->  %v bytes: %v", size(), data())
	case "RF":
		return fmt.Sprintf("<-  %v, FIN %v, RSV %v, %v bytes, key %s: %q", e[2], e[3], e[4], size(), key(e[6]), data())
	case "TF":
		return fmt.Sprintf("->  %v, FIN %v, RSV %v, %v bytes, key %s: %q", e[2], e[3], e[4], size(), key(e[5]), data())
	case "CT":
		return fmt.Sprintf("    waits %v s %v", e[1], e[2])
	case "CTE":
		return fmt.Sprintf("    has waited %v", e[1])
	case "KL":
		return fmt.Sprintf("    gives up after %v s", e[1])
	case "KLE":
		return "    gives up"
	case "TI":
		return fmt.Sprintf("    closes after %v s", e[1])
	case "TIE":
		return "    closes"
	case "WLM":
		return fmt.Sprintf("    log on: %v", e[1])
	}
	return fmt.Sprint(e...)
}

func key(v any) string {
	if v == nil {
		return "none"
	}
	return fmt.Sprint(v)
}

// listed are events for people to read.
func listed(events [][]any) string {
	text, _ := json.Marshal(events)
	return string(text)
}
