//go:build !amd64 || purego

package frame

import "unicode/utf8"

func validLong(p []byte) bool { return utf8.Valid(p) }
