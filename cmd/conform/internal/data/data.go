// Package data makes what the compression cases send: five kinds of data that
// compress as different things do. They are generated from a seed, the same every
// time, so that nothing that belongs to others has to be shipped. Verdicts don't
// depend on the content.
package data

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"unicode/utf8"
)

// size of each file, in bytes: twice the longest message.
const size = 256 << 10

// File is data that messages are cut from.
type File struct {
	Name   string // as Autobahn calls its own
	Title  string
	Binary bool // messages are binary, and a length counts bytes instead of characters
	bytes  []byte
	runes  []rune // unless Binary
}

// Set has the five files, in the order of the cases 12.1 to 12.5.
type Set []*File

// New generates a set.
func New() Set {
	set := Set{
		{Name: "data1.json", Title: "records in JSON", bytes: json(newRand(1))},
		{Name: "lena512.bmp", Title: "a picture of gradients and noise", Binary: true, bytes: picture(newRand(2))},
		{Name: "pg2229.txt", Title: "text that looks German", Binary: true, bytes: prose(newRand(3))},
		{Name: "data1.html", Title: "a table in HTML", bytes: html(newRand(4))},
		{Name: "10.1.1.105.5439.pdf", Title: "bytes that can't be compressed", Binary: true, bytes: noise(newRand(5))},
	}
	for _, f := range set {
		f.cut()
	}
	return set
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7692)) }

// Load replaces the files that dir has under the same name.
func (s Set) Load(dir string) error {
	if info, err := os.Stat(dir); err != nil {
		return err
	} else if !info.IsDir() {
		return fmt.Errorf("%s is no folder", dir)
	}
	found := 0
	for _, f := range s {
		b, err := os.ReadFile(filepath.Join(dir, f.Name))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return err
		}
		if !f.Binary && !utf8.Valid(b) {
			return fmt.Errorf("%s is not UTF-8", filepath.Join(dir, f.Name))
		}
		if f.bytes = b; len(b) < size/2 {
			return fmt.Errorf("%s has %d bytes; %d are needed at least", filepath.Join(dir, f.Name), len(b), size/2)
		}
		f.Title = "your file"
		f.cut()
		found++
	}
	if found == 0 {
		return fmt.Errorf("%s has none of the files %s, %s, %s, %s and %s", dir, s[0].Name, s[1].Name, s[2].Name, s[3].Name, s[4].Name)
	}
	return nil
}

func (f *File) cut() {
	if f.runes = nil; !f.Binary {
		f.runes = []rune(string(f.bytes))
	}
}

// Cut returns the next n bytes, or characters of text, from pos on, going on at
// the beginning behind the end, and the position behind them.
func (f *File) Cut(pos, n int) (message []byte, next int) {
	if f.Binary {
		message, next = around(f.bytes, pos, n)
		return message, next
	}
	text, next := around(f.runes, pos, n)
	return []byte(string(text)), next
}

func around[E byte | rune](all []E, pos, n int) (part []E, next int) {
	part = make([]E, 0, n)
	for len(part) < n {
		m := min(n-len(part), len(all)-pos)
		part = append(part, all[pos:pos+m]...)
		pos = (pos + m) % len(all)
	}
	return part, pos
}
