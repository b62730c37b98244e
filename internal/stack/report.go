package stack

// Report is how a person hears of the work while it is done. A time.Duration
// among the arguments is shown as people read it.
type Report interface {
	Step(text string)                // what is begun
	Done(format string, args ...any) // what went well
	Warn(format string, args ...any) // what to know
	Error(err error)                 // what failed while the work goes on
	// Progress tells how many bytes of what have come.
	Progress(what string, done, total int64)
}
