//go:build !linux

package logs

import (
	"errors"

	"muster/internal/logs/follow"
)

func collapse(follow.FD, int64) error { return errors.ErrUnsupported }

func cutUnit(string) (int64, error) { return 0, errors.ErrUnsupported }

func copyRange(to, from follow.FD, n int64, buf []byte) error {
	return copyBytes(to, from, 0, n, buf)
}
