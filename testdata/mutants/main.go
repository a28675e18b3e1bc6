// Command mutants rewrites the package in a directory, so that one test binary has all of
// its mutants: MUTANT=7 in the environment makes the seventh change effective. It prints
// one line for each. Run it on a copy: docs/MUTATION.md says how.
package main

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"log"
	"os"
	"path/filepath"
	"strings"
)

type operators = map[token.Token]token.Token

// The changes of an operator, by their kind.
var kinds = []struct {
	name string
	to   operators
}{
	{"boundary", operators{token.LSS: token.LEQ, token.LEQ: token.LSS, token.GTR: token.GEQ, token.GEQ: token.GTR}},
	{"negation", operators{token.EQL: token.NEQ, token.NEQ: token.EQL, token.LSS: token.GEQ, token.GEQ: token.LSS, token.GTR: token.LEQ, token.LEQ: token.GTR}},
	{"logic", operators{token.LAND: token.LOR, token.LOR: token.LAND}},
}

// arithmetic has the functions of support that stand for an operator or its change.
var arithmetic = map[token.Token]string{token.ADD: "mutantAdd", token.SUB: "mutantSub", token.MUL: "mutantMul", token.QUO: "mutantQuo"}

const support = `

import (
	"os"
	"strconv"
)

var mutant, _ = strconv.Atoi(os.Getenv("MUTANT"))

type mutantInt interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

func mutantAdd[T mutantInt](id int, a, b T) T { if mutant == id { return a - b }; return a + b }
func mutantSub[T mutantInt](id int, a, b T) T { if mutant == id { return a + b }; return a - b }
func mutantMul[T mutantInt](id int, a, b T) T { if mutant == id { return a / b }; return a * b }
func mutantQuo[T mutantInt](id int, a, b T) T { if mutant == id { return a * b }; return a / b }
`

// rewriter rewrites the files of one package.
type rewriter struct {
	fset *token.FileSet
	pkg  *types.Package
	info types.Info
	src  []byte // of the current file
	base int    // of the current file's positions
	n    int    // number of mutants so far
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: mutants directory")
	}
	if err := run(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func run(dir string) error {
	p, err := build.ImportDir(dir, 0)
	if err != nil {
		return err
	}
	r := &rewriter{fset: token.NewFileSet(), info: types.Info{Types: make(map[ast.Expr]types.TypeAndValue)}}
	var files []*ast.File
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(r.fset, filepath.Join(dir, name), nil, parser.ParseComments)
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	conf := types.Config{Importer: importer.ForCompiler(r.fset, "source", nil)}
	if r.pkg, err = conf.Check(p.Name, r.fset, files, &r.info); err != nil {
		return err
	}
	for _, f := range files {
		file := r.fset.File(f.Pos())
		if r.src, err = os.ReadFile(file.Name()); err != nil {
			return err
		}
		r.base = file.Base()
		out := r.splice(f, token.Pos(r.base), token.Pos(r.base+len(r.src)))
		if err := os.WriteFile(file.Name(), []byte(out), 0o666); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "zz_mutants.go"), []byte("package "+p.Name+support), 0o666)
}

func (r *rewriter) text(from, to token.Pos) string {
	return string(r.src[int(from)-r.base : int(to)-r.base])
}

// splice returns the text from from to to, in which node is, with all binary expressions of
// node rewritten, apart from constants and the lengths of arrays.
func (r *rewriter) splice(node ast.Node, from, to token.Pos) string {
	var b strings.Builder
	ast.Inspect(node, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GenDecl:
			return n.Tok == token.VAR
		case *ast.ArrayType:
			return false
		case *ast.BinaryExpr:
			b.WriteString(r.text(from, n.Pos()) + r.binary(n))
			from = n.End()
			return false
		}
		return true
	})
	return b.String() + r.text(from, to)
}

// binary returns the text of e with its mutants. Only the original has mutants within.
func (r *rewriter) binary(e *ast.BinaryExpr) string {
	tv := r.info.Types[e]
	if tv.Value != nil {
		return r.text(e.Pos(), e.End())
	}
	x, y := r.text(e.X.Pos(), e.X.End()), r.text(e.Y.Pos(), e.Y.End())
	mutatedX, mutatedY := r.splice(e.X, e.X.Pos(), e.X.End()), r.splice(e.Y, e.Y.Pos(), e.Y.End())
	var others, not string
	for _, k := range kinds {
		if to, ok := k.to[e.Op]; ok {
			id := r.count(k.name, e)
			others += fmt.Sprintf("mutant == %d && (%s %s %s) || ", id, x, to, y)
			not += fmt.Sprintf("mutant != %d && ", id)
		}
	}
	if others != "" {
		return fmt.Sprintf("(%s %s (%s %s %s))", others, not, mutatedX, e.Op, mutatedY)
	}
	if f, ok := arithmetic[e.Op]; ok {
		if b, ok := tv.Type.Underlying().(*types.Basic); ok && b.Info()&types.IsInteger != 0 {
			return fmt.Sprintf("%s[%s](%d, %s, %s)", f, types.TypeString(tv.Type, types.RelativeTo(r.pkg)), r.count("arithmetic", e), mutatedX, mutatedY)
		}
	}
	return fmt.Sprintf("%s %s %s", mutatedX, e.Op, mutatedY)
}

// count prints a mutant of e and returns its number.
func (r *rewriter) count(kind string, e *ast.BinaryExpr) int {
	r.n++
	p := r.fset.Position(e.OpPos)
	fmt.Printf("%d\t%s\t%s:%d:%d\t%s\n", r.n, kind, filepath.Base(p.Filename), p.Line, p.Column,
		strings.Join(strings.Fields(r.text(e.Pos(), e.End())), " "))
	return r.n
}
