// Package fuzz has the fuzz targets that cross packages. Each is run by its name:
//
//	go test -fuzz FuzzRequest ./fuzz
package fuzz
