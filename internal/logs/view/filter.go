package view

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
)

// filter decides which lines are shown. A line that says no level has that of
// the line before it of the same process, so that a traceback stays with its
// error.
type filter struct {
	only   []string
	grep   *regexp.Regexp
	word   string // that a line has, or the one whose traceback it is of; "": any line
	text   []byte // in lower case
	min    Level
	probe  func(process, path string, status int) bool
	live   *Live
	asked  bool             // levels are to be shown
	levels map[string]Level // of each process's last line that said one
	traces map[string]trace // of each process's last line

	requests map[string]bool // lines of the access log that were shown; nil: one log has no line twice
}

func newFilter(o Options, grep *regexp.Regexp) *filter {
	return &filter{only: o.Only, grep: grep, word: o.Request, text: bytes.ToLower([]byte(o.Text)), min: o.Level, probe: o.Probe, live: o.Live,
		asked: o.Color || o.JSON || o.Live != nil, levels: map[string]Level{}, traces: map[string]trace{}}
}

// forget makes a filter start over in another part of a log.
func (f *filter) forget() {
	clear(f.levels)
	clear(f.traces)
}

// verdict is what a filter thinks of a line.
type verdict struct {
	show    bool
	level   Level
	unknown bool // the line before the first one seen decides
}

// judge looks at a line, its text free of escape sequences.
func (f *filter) judge(name string, text []byte) verdict {
	if !f.selects(name) {
		return verdict{}
	}
	has, unknown := f.hasWord(name, text)
	if f.min == NoLevel && !f.asked {
		return verdict{show: has && f.matches(name, text), unknown: unknown}
	}
	v := verdict{level: levelOf(text)}
	if v.level != NoLevel {
		f.levels[name] = v.level
	} else {
		last, ok := f.levels[name]
		v.level, v.unknown = last, !ok
	}
	v.show = has && v.level >= f.min && f.matches(name, text) && f.live.shows(name, text, v.level)
	v.unknown = v.unknown && f.min > NoLevel || unknown
	return v
}

// trace is where a line stands to a traceback, and whether the line that this follows
// has the filter's word.
type trace struct{ has, within bool }

// hasWord tells whether a line or, of a line of a traceback, that which it follows has
// the word; unknown is one of which that is not seen.
func (f *filter) hasWord(name string, text []byte) (has, unknown bool) {
	if f.word == "" {
		return true, false
	}
	last, seen := f.traces[name]
	now := trace{has: hasWord(text, f.word)}
	if beginsTraceback(text) || last.within && levelOf(text) == NoLevel && !hasTime(text) {
		now = trace{has: now.has || last.has, within: true}
		unknown = !seen
	}
	f.traces[name] = now
	return now.has, unknown && !now.has
}

// beginsTraceback tells the head of a traceback, and an indented line, which may be all
// that is seen of it.
func beginsTraceback(text []byte) bool {
	return bytes.HasPrefix(text, []byte(tracebackHead)) || len(text) > 0 && (text[0] == ' ' || text[0] == '\t')
}

// matches tells whether the text is among those asked for.
func (f *filter) matches(name string, text []byte) bool {
	return (f.grep == nil || f.grep.Match(text) || f.grep.Match(shownAs(text))) &&
		containsFold(text, f.text) && !f.isProbe(name, text)
}

// containsFold tells whether a text has another in it, which is in lower case. Beyond
// ASCII the case counts where it takes another number of bytes.
func containsFold(text, lower []byte) bool {
	if len(lower) == 0 {
		return true
	}
	first := [2]byte{lower[0], lower[0]}
	if c := lower[0]; c >= 'a' && c <= 'z' {
		first[1] = c - 'a' + 'A'
	} else if c >= 0x80 {
		return bytes.Contains(bytes.ToLower(text), lower)
	}
	for i, c := range first {
		if i > 0 && c == first[0] {
			break
		}
		for rest := text; ; rest = rest[1:] {
			at := bytes.IndexByte(rest, c)
			if at < 0 || len(rest)-at < len(lower) {
				break
			}
			if rest = rest[at:]; bytes.EqualFold(rest[:len(lower)], lower) {
				return true
			}
		}
	}
	return false
}

// selects reports whether the process is among those asked for, by its own
// name or by that of its server: broker stands for broker-0, broker-1, ...
func (f *filter) selects(name string) bool {
	return len(f.only) == 0 || slices.ContainsFunc(f.only, func(asked string) bool { return Stands(asked, name) })
}

// Stands tells whether a name that is asked for stands for a process.
func Stands(asked, process string) bool {
	rest, ok := strings.CutPrefix(process, asked)
	return ok && (rest == "" || rest[0] == '-' && len(rest) > 1 && strings.Trim(rest[1:], "0123456789") == "")
}

// visible returns what a terminal would show of a line with bare CRs: the last
// part that is not empty. pre is what the unified log has before each.
func visible(text, pre []byte) []byte {
	if bytes.IndexByte(text, '\r') < 0 {
		return text
	}
	for {
		i := bytes.LastIndexByte(text, '\r')
		if i < 0 {
			return text
		}
		state := bytes.TrimPrefix(text[i+1:], pre)
		if len(bytes.TrimSpace(state)) > 0 {
			return state
		}
		text = text[:i]
	}
}
