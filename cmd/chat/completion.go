package main

import (
	"flag"
	"strings"
)

// completion returns the commands that make a shell complete the flags, "" for a
// shell that isn't known.
func completion(shell string) string {
	var names []string
	new(options).flagSet().VisitAll(func(f *flag.Flag) { names = append(names, f.Name) })
	bash := "complete -o default -W '-" + strings.Join(names, " -") + "' chat\n"
	switch shell {
	case "bash":
		return bash
	case "zsh":
		return "autoload -U +X bashcompinit && bashcompinit\n" + bash
	case "fish":
		var b strings.Builder
		for _, name := range names {
			b.WriteString("complete -c chat -o " + name + "\n")
		}
		return b.String()
	}
	return ""
}
