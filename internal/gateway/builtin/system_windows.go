package builtin

// The gateway is a process of the plan, and so runs on no Windows.

func silent(uintptr) bool { return false }

func exists(string) bool { return false }
