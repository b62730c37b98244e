package logs

func helper(args []string) {}
