package view

import (
	"bytes"
	"slices"
	"strings"

	"muster/internal/logs/follow"
	"muster/internal/printable"
)

const (
	// lastLineMax is what is kept of a line in an error report.
	lastLineMax = 4 << 10
	// lastLinesMax is how far back an error report looks.
	lastLinesMax = 1 << 20
)

// LastLines returns the last n lines of a file, made safe to show, for a
// report of an error. It looks back 1 MiB at most, whatever the size of the
// file, and cuts lines after 4 KiB.
func LastLines(path string, n int) ([]string, error) {
	f, err := follow.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	var b []byte
	for window := int64(8 << 10); ; window *= 8 {
		from := max(0, size-min(window, lastLinesMax))
		b = make([]byte, size-from)
		got, err := f.Pread(b, from)
		if err != nil {
			return nil, err
		}
		b = bytes.TrimRight(b[:got], "\r\n")
		if from == 0 || bytes.Count(b, []byte("\n")) >= n || window >= lastLinesMax {
			break
		}
	}
	var lines []string
	for len(lines) < n && len(b) > 0 {
		i := bytes.LastIndexByte(b, '\n')
		l := visible(bytes.TrimRight(b[i+1:], "\r"), nil)
		l = printable.WithoutSequences(l)
		whole := strings.ToValidUTF8(string(l[:min(len(l), lastLineMax)]), "\uFFFD")
		lines = append(lines, printable.Line(whole))
		b = b[:max(i, 0)]
	}
	slices.Reverse(lines)
	return lines, nil
}
