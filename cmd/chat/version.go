package main

import (
	"cmp"
	"runtime"
	"runtime/debug"
)

// version tells what was built, and from which state of the source if the build
// knew it.
func version() string {
	v := "chat"
	if info, ok := debug.ReadBuildInfo(); ok {
		v += " " + cmp.Or(info.Main.Version, "(devel)")
		set := make(map[string]string)
		for _, s := range info.Settings {
			set[s.Key] = s.Value
		}
		if revision := set["vcs.revision"]; revision != "" {
			v += ", revision " + revision + " of " + set["vcs.time"]
			if set["vcs.modified"] == "true" {
				v += " with changes"
			}
		}
	}
	return v + ", " + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH
}
