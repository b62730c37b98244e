package logs

import (
	"time"

	"muster/internal/logs/follow"
)

// Source is a file whose lines join the unified log.
type Source struct {
	Name string // of the process: the prefix
	Path string // absolute

	// RotateOnly keeps the lines out of the unified log: the file is only
	// rotated like the others.
	RotateOnly bool
}

// source is a file that is followed and where the unifier is in it.
type source struct {
	Source
	prefix []byte
	entry  int          // in the checkpoint; noEntry for an old file
	file   *follow.File // nil: there is none yet

	// old says that the path leads to another file by now. The writer may
	// still write to this one.
	old bool

	state   lineState
	scanned int64     // no line ends between the position and here
	partial time.Time // since when a line waits for its end; zero: none does
	active  time.Time // when bytes last came

	// A source is hot while it is polled. Else the kernel was asked to tell of
	// its next change.
	hot bool
	wd  int // what the kernel calls it

	look time.Time // when it is polled again, as the kernel does not tell; zero: it does

	failed time.Time // when it could not be read; zero: it could

	unit  int64     // in which the file's head can be cut off; 0: not known yet
	noCut time.Time // until when the file is not rotated, as that failed
}

func (s *source) close() {
	if s.file != nil {
		s.file.Close()
		s.file = nil
	}
}
