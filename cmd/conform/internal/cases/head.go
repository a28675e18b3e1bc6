package cases

import "strings"

// edit changes the lines of a head that is right.
type edit func(lines []string) []string

func header(name string) func(string) bool {
	return func(line string) bool {
		n, _, ok := strings.Cut(line, ":")
		return ok && strings.EqualFold(n, name)
	}
}

// instead replaces the header lines with a name by others, or by none.
func instead(name string, lines ...string) edit {
	return func(head []string) (changed []string) {
		is := header(name)
		for _, line := range head {
			if !is(line) {
				changed = append(changed, line)
			} else if lines != nil {
				changed, lines = append(changed, lines...), nil
			}
		}
		return append(changed, lines...)
	}
}

// also adds header lines.
func also(lines ...string) edit {
	return func(head []string) []string { return append(head, lines...) }
}

// first replaces the first line, in which %s stands for what is between its method
// and its version.
func first(line string) edit {
	return func(head []string) []string {
		middle := strings.Fields(head[0])[1]
		return append([]string{strings.ReplaceAll(line, "%s", middle)}, head[1:]...)
	}
}

// names changes the names of all headers.
func names(change func(string) string) edit {
	return func(head []string) []string {
		for i, line := range head[1:] {
			n, v, _ := strings.Cut(line, ":")
			head[i+1] = change(n) + ":" + v
		}
		return head
	}
}

// spaced changes what is between a name and its value.
func spaced(before, behind string) edit {
	return func(head []string) []string {
		for i, line := range head[1:] {
			n, v, _ := strings.Cut(line, ":")
			head[i+1] = n + ":" + before + strings.TrimSpace(v) + behind
		}
		return head
	}
}

// asIs leaves a head as it is.
func asIs(head []string) []string { return head }
