// Package version tells which version of a program this is.
package version

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// String returns a line such as "echo v1.2.3 (go1.26.8 linux/amd64)". Where the program
// was built from a checkout and not from a released module, the version is what the go
// command makes of its commit, or the commit itself.
func String(program string) string {
	version := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
		if version == "" || version == "(devel)" {
			version = "devel" + commit(info.Settings)
		}
	}
	return fmt.Sprintf("%s %s (%s %s/%s)", program, version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// commit returns "-" and the commit that the program was built from, or "" if the go
// command has not recorded it, as with go run.
func commit(settings []debug.BuildSetting) string {
	revision, modified := "", ""
	for _, s := range settings {
		switch {
		case s.Key == "vcs.revision":
			revision = "-" + s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = "+dirty"
		}
	}
	return revision + modified
}
