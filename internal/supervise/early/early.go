// Package early runs the supervisor before what only commands need is initialized: it
// needs nothing but the supervisor, so that its turn comes before theirs.
package early

import "muster/internal/supervise"

func init() { supervise.Resident() }
