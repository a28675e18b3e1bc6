package cases

func section22() []*Case { return nil }
