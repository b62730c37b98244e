package proc

// ReleaseProgram does nothing: macOS drops clean pages by itself.
func ReleaseProgram() {}
