package view

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"time"

	"muster/internal/logs"
	"muster/internal/printable"
)

// printer writes lines for a person or a program.
type printer struct {
	w     *bufio.Writer
	o     Options
	paint paint
	names map[string]string // the prefixes, as they are shown
	shown []byte            // the line that is written
	one   bytes.Buffer      // the object that is written
	json  *json.Encoder
}

func newPrinter(w io.Writer, o Options) *printer {
	p := &printer{w: bufio.NewWriterSize(w, 64<<10), o: o, paint: paint(o.Color && !o.JSON), names: map[string]string{}}
	p.json = json.NewEncoder(&p.one)
	p.json.SetEscapeHTML(false)
	return p
}

func (p *printer) flush() error { return p.w.Flush() }

// block is how many bytes are read at once.
func (p *printer) block() int {
	if p.o.Live != nil {
		return liveBlock
	}
	return block
}

func (p *printer) prefix(name string) string {
	if name == "" {
		return ""
	}
	s, ok := p.names[name]
	if !ok {
		s = p.paint.name(name, printable.Line(strings.TrimSuffix(string(logs.Prefix(name)), " "))) + " "
		p.names[name] = s
	}
	return s
}

// line writes one line, which was written at a time; the zero time: nobody knows.
func (p *printer) line(name string, text []byte, level Level, at time.Time) error {
	text = bytes.TrimSuffix(text, []byte("\r"))
	if bytes.IndexByte(text, '\r') >= 0 {
		text = visible(text, logs.Prefix(name))
	}
	plain := printable.WithoutSequences(text)
	if p.o.JSON {
		return p.object(name, plain, level, at)
	}
	if p.o.Terminal || len(plain) > 0 && plain[0] == '{' {
		if first, more, ok := p.readable(plain); ok {
			err := p.put(name, []byte(first))
			for _, l := range more {
				err = p.put(name, []byte(l))
			}
			return err
		}
	}
	if len(plain) == len(text) && p.o.Color {
		text = []byte(p.paint.level(level, string(p.o.Live.mark(plain))))
	}
	return p.put(name, text)
}

// put writes a line as it is shown. Whatever comes from a log passes here, or
// through object.
func (p *printer) put(name string, text []byte) error {
	p.w.WriteString(p.prefix(name))
	p.shown = printable.Append(p.shown[:0], text, p.o.Color)
	p.w.Write(p.shown)
	if err := p.w.WriteByte('\n'); err != nil || p.o.Live == nil || p.w.Available() > liveBlock {
		return err
	}
	return p.flush() // where others write too, that a line is not cut in two
}

// readable returns what a person sees of one of the gateway's access log, which is
// seen elsewhere than in a terminal too, or of a JSON line.
func (p *printer) readable(text []byte) (first string, more []string, ok bool) {
	if r, ok := ParseRequest(text); ok {
		return r.painted(p.paint), nil, true
	}
	if fields, ok := parseJSONLine(text); ok && p.o.Terminal {
		first, more = fields.readable(p.paint)
		return first, more, true
	}
	return "", nil, false
}

// object writes a line as JSON.
func (p *printer) object(name string, text []byte, level Level, at time.Time) error {
	p.one.Reset()
	if err := p.json.Encode(lineOf(name, text, level, at)); err != nil {
		return err
	}
	_, err := p.w.Write(printable.JSON(p.one.Bytes()))
	return err
}

// Line is a line of a log, as `logs:tail -json` prints it.
type Line struct {
	Process string `json:"process,omitempty"`
	Level   string `json:"level,omitempty"` // debug, info, warn, error, critical; none: nobody knows
	Time    string `json:"time,omitempty"`  // that it says, or else that of its writing; RFC 3339
	Text    string `json:"text"`
}

// lineOf is a line, its text free of escape sequences, that was written at a time.
func lineOf(name string, text []byte, level Level, at time.Time) Line {
	at = whenOf(text, at)
	l := Line{Process: name, Level: level.String(), Text: string(text)}
	if year := at.Year(); !at.IsZero() && year > 0 && year < 10_000 {
		l.Time = at.Format("2006-01-02T15:04:05.000000Z07:00") // RFC 3339
	}
	return l
}

// whenOf is the time that a line says, or else that of its writing.
func whenOf(text []byte, written time.Time) time.Time {
	if said, ok := timeOf(text); ok {
		return said
	}
	return written
}

// timeOf returns the time that a line says.
func timeOf(text []byte) (time.Time, bool) {
	if fields, ok := parseJSONLine(text); ok {
		s, _ := fields.take(timeKeys())
		return parseTime(s)
	}
	t := bytes.TrimLeft(text, "[")
	if !hasTime(t) || len(t) < 19 {
		return time.Time{}, false
	}
	n := 0
	for n < len(t) && (t[n] >= '0' && t[n] <= '9' || strings.IndexByte("-/:.,TZ+ ", t[n]) >= 0) {
		n++
	}
	return parseTime(string(bytes.TrimRight(t[:n], " -.,:")))
}
