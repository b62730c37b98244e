//go:build !linux

package logs

// written reports whether some process may have the file open for writing.
// There is no cheap way to know: the last one to have the path counts as gone
// once it is silent.
func written(int) bool { return false }
