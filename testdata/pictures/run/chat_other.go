//go:build !linux

package main

import "errors"

func drawChat(string) ([]byte, error) { return nil, errors.ErrUnsupported }
