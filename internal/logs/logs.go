// Package logs keeps the logs of the processes: a file for each, and the
// unified log of all.
//
// A process writes stdout and stderr straight to its own file, so it neither
// waits for a reader nor loses a line when the reader dies. The Unifier
// follows those files and appends their lines to the unified log, each behind
// the name of its process. Package view shows that log to a person or a
// program.
//
// # Lines
//
// Only LF ends a line; a CRLF stays as it is. After a bare CR, as progress
// bars print it, the prefix is repeated, so that a terminal overwrites one
// state by the next with the prefix in place. All other bytes pass unchanged. A
// line that has no end yet waits half a second for it; then it is written with
// Mark as its end, and what follows begins with Mark on a line of its own. A
// line of any length is written in one piece, with memory for a block of it.
//
// # Guarantees
//
// Before each write to the unified log its position and that of its source
// are noted in the checkpoint. A unifier that was killed at any moment,
// within a write too, is followed by one that completes the write: no line
// lost, none doubled, the unified log never shortened. Page cache outlives
// processes, so nothing is synced; a crash of the machine may cost the last
// seconds.
//
// Truncating or removing a file by hand loses what the unifier had not read by
// then, at most some milliseconds of lines; what is written later is not lost.
// A removed file is followed to its end for as long as its writer writes.
// Clean takes what is in the files, read or not; it loses nothing that is
// written after it.
//
// Rotation of a process's file while its writer lives takes a file system that
// can cut the head off a file (ext4, XFS): nothing is lost or doubled, and
// every line is whole in one of the files. Elsewhere the file is renamed when
// its process starts again (Rotate); until then it grows. The unified log has
// the unifier as its only writer and is renamed everywhere.
package logs

import "time"

// Mark ends a piece of a line whose end had not come in time, and
// begins the piece that continues it.
const Mark = "…"

// partialWait is how long the beginning of a line waits for the rest. Half a
// second is what a person takes as "it asks me something".
const partialWait = 500 * time.Millisecond
