package main

import "strings"

// Errors are texts here.
func isInUse(err error) bool { return strings.Contains(err.Error(), "in use") }
