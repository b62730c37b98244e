package events

import "os"

// tryLock does nothing: what writes a journal runs on no Windows.
func tryLock(*os.File) bool { return true }

func unlock(*os.File) {}
