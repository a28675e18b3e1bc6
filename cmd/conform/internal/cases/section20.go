package cases

func section20() []*Case { return nil }
