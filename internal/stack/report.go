package stack

import "time"

// Report is how a person hears of the work while it is done. A time.Duration
// among the arguments is shown as people read it.
type Report interface {
	Step(text string)                // what is begun
	Done(format string, args ...any) // what went well
	Warn(format string, args ...any) // what to know
	Error(err error)                 // what failed while the work goes on
	// Progress tells how many bytes of what have come.
	Progress(what string, done, total int64)
	// Begin has a person see that something goes on, once it lasts, until the function
	// that it returns is called; that tells whether it has lasted.
	Begin(what string) (end func() (lasted bool))
}

// lasting does what may last. If it has, a line tells of its end too.
func lasting(report Report, what string, do func() error) error {
	began, end := time.Now(), report.Begin(what)
	err := do()
	if end() && err == nil {
		report.Done("%-36s %s", what, time.Since(began))
	}
	return err
}

// stepped does one step and shows how long it took, on one line.
func stepped(report Report, what string, do func() error) error {
	return timed(report, what, func() error {
		defer report.Begin(what)()
		return do()
	})
}

// timed is stepped for what shows by itself that it goes on.
func timed(report Report, what string, do func() error) error {
	began := time.Now()
	err := do()
	if err == nil {
		report.Done("%-36s %s", what, time.Since(began))
	}
	return err
}
