package handshake

import (
	"encoding/base64"
	"errors"
	"io"
	"testing"
	"testing/iotest"
)

const sampleKey = "dGhlIHNhbXBsZSBub25jZQ=="

// It isn't parallel: it changes the source of randomness.
func TestNewKey_M3_failing_source(t *testing.T) {
	old := randReader
	t.Cleanup(func() { randReader = old })
	broken := errors.New("broken")
	for name, r := range map[string]io.Reader{
		"at_once": iotest.ErrReader(broken),
		"midway":  io.MultiReader(io.LimitReader(old, 15), iotest.ErrReader(broken)),
	} {
		randReader = r
		if key, err := NewKey(); key != "" || !errors.Is(err, broken) {
			t.Errorf("%s: NewKey() = %q, %v", name, key, err)
		}
	}
}

func TestNewKey_4_1_M2_16_fresh_bytes(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for range 1000 {
		key, err := NewKey()
		if err != nil {
			t.Fatal(err)
		}
		if b, err := base64.StdEncoding.DecodeString(key); err != nil || len(b) != 16 || !validKey(key) {
			t.Fatalf("key %q holds %d bytes, %v", key, len(b), err)
		}
		if seen[key] {
			t.Fatalf("key %q twice", key)
		}
		seen[key] = true
	}
}

// TestValidKey compares with the standard library for every value of every byte.
func TestValidKey(t *testing.T) {
	t.Parallel()
	for i := range sampleKey {
		for b := range 256 {
			key := sampleKey[:i] + string([]byte{byte(b)}) + sampleKey[i+1:]
			p, err := base64.StdEncoding.Strict().DecodeString(key)
			if got, want := validKey(key), err == nil && len(p) == 16; got != want {
				t.Errorf("validKey(%q) = %v", key, got)
			}
		}
	}
	for _, key := range []string{"", sampleKey[:23], sampleKey + "=", "\n" + sampleKey[:23]} {
		if validKey(key) {
			t.Errorf("validKey(%q)", key)
		}
	}
}

func TestAccept_4_2_2_sample(t *testing.T) {
	t.Parallel()
	if got, want := Accept(sampleKey), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="; got != want {
		t.Errorf("Accept(%q) = %q, want %q", sampleKey, got, want)
	}
	if got, want := Accept(""), "Kfh9QIsMVZcl6xEPYxPHzW8SZ8w="; got != want {
		t.Errorf("Accept of no key = %q, want %q", got, want)
	}
}

func TestAllocations(t *testing.T) {
	dst := make([]byte, 0, 512)
	lines := []string{"keep-alive, Upgrade"}
	offered := []string{"b", "a"}
	for _, test := range []struct {
		name string
		want float64
		f    func()
	}{
		{"Accept", 1, func() { Accept(sampleKey) }},
		{"validKey", 0, func() { validKey(sampleKey) }},
		{"hasToken", 0, func() { hasToken(lines, "Upgrade") }},
		{"ParseExtensions of none", 0, func() { ParseExtensions(nil) }},
		{"parseProtocols of none", 0, func() { parseProtocols(nil) }},
		{"SelectProtocol", 0, func() { SelectProtocol(offered, offered) }},
		{"AppendResponse", 0, func() { AppendResponse(dst, sampleKey, "chat", nil, nil) }},
	} {
		if got := testing.AllocsPerRun(100, test.f); got > test.want {
			t.Errorf("%s: %v allocations, want %v", test.name, got, test.want)
		}
	}
}
