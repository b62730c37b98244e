package logs

func anonymous(n int) []byte { return make([]byte, n) }

func giveBack([]byte) {}

func release([]byte) {}
