package follow

import "errors"

// NewWaiter returns none: a Sleeper is used instead.
func NewWaiter() (Waiter, error) { return nil, errors.ErrUnsupported }
