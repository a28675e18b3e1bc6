package websocket_test

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"go/types"
	"path"
	"path/filepath"
	"slices"
	"testing"
)

// emptyImporter makes every imported package an empty one: what is looked at here is the
// package itself.
type emptyImporter struct{}

func (emptyImporter) Import(p string) (*types.Package, error) {
	pkg := types.NewPackage(p, path.Base(p))
	pkg.MarkComplete()
	return pkg, nil
}

// TestLayers holds the package against docs/DESIGN.md: no two files call each other both
// ways, and the files of the parts don't name Conn.
func TestLayers(t *testing.T) {
	t.Parallel()
	lower := []string{"closeframe.go", "coalescer.go", "control.go", "ending.go", "flush.go", "frames.go", "hold.go", "inbound.go",
		"inflate.go", "keepalive.go", "outbound.go", "output.go", "pending.go", "queue.go", "role.go", "send.go", "turn.go", "writer.go"}
	p, err := build.ImportDir(".", 0)
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	info := types.Info{Uses: make(map[*ast.Ident]types.Object)}
	conf := types.Config{Importer: emptyImporter{}, Error: func(error) {}} // of what was imported
	pkg, _ := conf.Check("websocket", fset, files, &info)
	file := func(pos token.Pos) string { return filepath.Base(fset.Position(pos).Filename) }
	type call struct{ from, to string }
	calls := make(map[call]string) // and the name of one function
	for id, o := range info.Uses {
		from := file(id.Pos())
		if o == pkg.Scope().Lookup("Conn") && slices.Contains(lower, from) {
			t.Errorf("%s names Conn", fset.Position(id.Pos()))
		}
		f, ok := o.(*types.Func)
		if !ok || f.Pkg() != pkg {
			continue
		}
		if recv := f.Signature().Recv(); recv != nil && types.IsInterface(recv.Type()) {
			continue // that's how a lower file asks those above
		}
		if to := file(f.Pos()); to != from {
			calls[call{from, to}] = f.Name()
		}
	}
	for c, name := range calls {
		if back, ok := calls[call{c.to, c.from}]; ok && c.from < c.to {
			t.Errorf("%s calls %s of %s, which calls %s back", c.from, name, c.to, back)
		}
	}
	if len(calls) < 100 {
		t.Errorf("only %d calls from file to file were found", len(calls))
	}
}
