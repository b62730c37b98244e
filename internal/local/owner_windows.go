package local

// owner knows of nobody: what would run a file runs on no Windows.
func owner(string, bool) (uint32, bool) { return 0, false }
