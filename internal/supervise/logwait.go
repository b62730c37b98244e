package supervise

import (
	"bytes"
	"io"
	"os"
	"regexp"
)

// LogWait waits for a line of a log.
type LogWait struct {
	Line string // that has come

	file    string
	pattern string // regular expression
	at      int64  // offset of the first byte that was not looked at
	done    bool   // it has come

	find *regexp.Regexp
}

// logAtOnce bounds what is read at one look, in bytes: of a line that is longer the
// beginning is looked at.
const logAtOnce = 1 << 20

// NewLogWait waits for a line, since its launch, of a process that runs.
func NewLogWait(p ProcessStatus, pattern string) *LogWait {
	return &LogWait{file: p.Log, pattern: pattern, at: p.LogFrom}
}

// longestShown is how much of a line is kept, in bytes.
const longestShown = 4 << 10

// Yet tells whether the line has come. Only whole lines count.
func (w *LogWait) Yet() bool {
	if w.find == nil {
		var err error
		if w.find, err = regexp.Compile(w.pattern); err != nil { // of a damaged state
			return false
		}
	}
	for !w.done {
		data := w.more()
		end := bytes.LastIndexByte(data, '\n') + 1
		if end == 0 && len(data) == logAtOnce {
			end = len(data)
		}
		if end == 0 {
			return false
		}
		w.at += int64(end)
		for line := range bytes.Lines(data[:end]) {
			if line = bytes.TrimRight(line, "\r\n"); !w.done && w.find.Match(line) {
				w.done, w.Line = true, string(line[:min(len(line), longestShown)])
			}
		}
	}
	return true
}

// more is what the log holds behind what was looked at. A log that has become
// shorter was rotated, and begins anew.
func (w *LogWait) more() []byte {
	f, err := os.Open(w.file)
	if err != nil {
		return nil
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() < w.at {
		w.at = 0
	}
	data, err := io.ReadAll(io.NewSectionReader(f, w.at, logAtOnce))
	if err != nil {
		return nil
	}
	return data
}
