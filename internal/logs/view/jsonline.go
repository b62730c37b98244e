package view

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// field is a member of a JSON line's object.
type field struct {
	key   string
	value json.RawMessage
}

// jsonLine is a log line that is a JSON object, its fields in their order.
type jsonLine []field

// parseJSONLine reads a line that is one JSON object and nothing else.
func parseJSONLine(text []byte) (jsonLine, bool) {
	text = bytes.TrimSpace(text)
	if len(text) < 2 || text[0] != '{' || text[len(text)-1] != '}' {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil {
		return nil, false
	}
	var line jsonLine
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, false
		}
		f := field{key: key.(string)}
		if err := d.Decode(&f.value); err != nil {
			return nil, false
		}
		line = append(line, f)
	}
	if _, err := d.Token(); err != nil {
		return nil, false
	}
	_, err := d.Token()
	return line, err == io.EOF
}

// The names that loggers give to what every line has.
func timeKeys() []string {
	return []string{"time", "timestamp", "ts", "@timestamp", "asctime"}
}

func levelKeys() []string {
	return []string{"level", "levelname", "severity", "lvl", "log.level", "log_level"}
}

func messageKeys() []string { return []string{"message", "msg", "event"} }

// take returns the text of the first field that has one of the keys, and the
// fields without it.
func (l jsonLine) take(keys []string) (string, jsonLine) {
	for _, k := range keys {
		for i, f := range l {
			if f.key == k && f.value[0] != '{' && f.value[0] != '[' {
				return f.text(), slices.Delete(slices.Clone(l), i, i+1)
			}
		}
	}
	return "", l
}

func (l jsonLine) level() Level {
	text, _ := l.take(levelKeys())
	if n, err := strconv.Atoi(text); err == nil {
		// pino and bunyan: 10 is trace, 20 debug, 30 info, ..., 60 fatal.
		return Level(min(max(n/10-1, int(Debug)), int(Critical)))
	}
	return levelNamed([]byte(text))
}

// when returns the line's time as a person reads it: the time of day.
func (l jsonLine) when() string {
	text, _ := l.take(timeKeys())
	if t, ok := parseTime(text); ok {
		return t.Local().Format("15:04:05.000")
	}
	return text
}

// parseTime reads the times that loggers write: RFC 3339, with a space, with a
// comma, or seconds or milliseconds since 1970.
func parseTime(s string) (time.Time, bool) {
	if n, err := strconv.ParseFloat(s, 64); err == nil && n > 1e8 {
		if n > 1e11 {
			n /= 1000
		}
		return time.UnixMilli(int64(n * 1000)), n < 1e11
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t, true
	}
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04:05 -0700", "2006/01/02 15:04:05"} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// text returns a string's content, and anything else as it is written.
func (f field) text() string {
	var s string
	if len(f.value) > 0 && f.value[0] == '"' && json.Unmarshal(f.value, &s) == nil {
		return s
	}
	return string(f.value)
}

// readable returns the line as time, level, message and fields, the values of
// several lines, such as tracebacks, below them.
func (l jsonLine) readable(p paint) (first string, more []string) {
	var b strings.Builder
	when, level := l.when(), l.level()
	name, rest := l.take(levelKeys())
	_, rest = rest.take(timeKeys())
	message, rest := rest.take(messageKeys())
	if when != "" {
		b.WriteString(p.dim(when) + " ")
	}
	if name != "" {
		if level != NoLevel {
			name = level.String()
		}
		b.WriteString(p.level(level, strings.ToUpper(name)+strings.Repeat(" ", max(0, 5-len(name)))) + " ")
	}
	lines := splitLines(message)
	b.WriteString(lines[0])
	more = lines[1:]
	for _, f := range rest {
		text := f.text()
		if strings.Contains(text, "\n") {
			more = append(more, p.dim(f.key+":"))
			more = append(more, splitLines(text)...)
			continue
		}
		if f.value[0] == '"' && (text == "" || strings.ContainsAny(text, " \"=\t\r")) {
			text = string(f.value)
		}
		b.WriteString(" " + p.dim(f.key+"=") + text)
	}
	return b.String(), more
}

func splitLines(text string) []string {
	return strings.Split(strings.ReplaceAll(strings.TrimRight(text, "\r\n"), "\r\n", "\n"), "\n")
}
