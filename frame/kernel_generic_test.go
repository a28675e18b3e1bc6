//go:build !amd64 || purego

package frame

var maskKernels = map[string]maskKernel{"mask": {0, mask}, "portable": {0, maskWords}}
