package cases

func section16() []*Case { return nil }
