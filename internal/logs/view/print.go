package view

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"strings"

	"muster/internal/logs"
)

// printer writes lines for a person or a program.
type printer struct {
	w     *bufio.Writer
	o     Options
	paint paint
	names map[string]string // the prefixes, as they are shown
	json  *json.Encoder
}

func newPrinter(w io.Writer, o Options) *printer {
	p := &printer{w: bufio.NewWriterSize(w, 64<<10), o: o, paint: paint(o.Color && !o.JSON), names: map[string]string{}}
	p.json = json.NewEncoder(p.w)
	p.json.SetEscapeHTML(false)
	return p
}

func (p *printer) flush() error { return p.w.Flush() }

func (p *printer) prefix(name string) string {
	if name == "" {
		return ""
	}
	s, ok := p.names[name]
	if !ok {
		s = p.paint.name(name, strings.TrimSuffix(string(logs.Prefix(name)), " ")) + " "
		p.names[name] = s
	}
	return s
}

// line writes one line.
func (p *printer) line(name string, text []byte, level Level) error {
	text = bytes.TrimSuffix(text, []byte("\r"))
	if bytes.IndexByte(text, '\r') >= 0 {
		text = visible(text, logs.Prefix(name))
	}
	plain := stripANSI(text)
	if p.o.JSON {
		return p.object(name, plain, level)
	}
	pre := p.prefix(name)
	if p.o.Terminal {
		if first, more, ok := p.readable(plain); ok {
			p.w.WriteString(pre + first + "\n")
			for _, l := range more {
				p.w.WriteString(pre + l + "\n")
			}
			return nil
		}
	}
	p.w.WriteString(pre)
	switch coloured := len(plain) != len(text); {
	case !p.o.Color:
		p.w.Write(plain)
	case coloured:
		p.w.Write(text)
		p.w.WriteString("\x1b[0m") // a colour ends with its line
	default:
		p.w.WriteString(p.paint.level(level, string(plain)))
	}
	return p.w.WriteByte('\n')
}

// readable returns what a person sees of a JSON line or of one of nginx's
// access log.
func (p *printer) readable(text []byte) (first string, more []string, ok bool) {
	if fields, ok := parseJSONLine(text); ok {
		first, more = fields.readable(p.paint)
		return first, more, true
	}
	if a, ok := parseAccess(text); ok {
		return a.painted(p.paint), nil, true
	}
	return "", nil, false
}

// object writes a line as JSON.
func (p *printer) object(name string, text []byte, level Level) error {
	return p.json.Encode(struct {
		Process string `json:"process,omitempty"`
		Level   string `json:"level,omitempty"`
		Time    string `json:"time,omitempty"`
		Text    string `json:"text"`
	}{name, level.String(), timeOf(text), string(text)})
}

// timeOf returns the time that a line says, as it says it.
func timeOf(text []byte) string {
	if fields, ok := parseJSONLine(text); ok {
		s, _ := fields.take(timeKeys())
		return s
	}
	t := bytes.TrimLeft(text, "[")
	if !hasTime(t) || len(t) < 19 {
		return ""
	}
	n := 0
	for n < len(t) && (t[n] >= '0' && t[n] <= '9' || bytes.IndexByte([]byte("-/:.,TZ+ "), t[n]) >= 0) {
		n++
	}
	s := string(bytes.TrimRight(t[:n], " -.,:"))
	if _, ok := parseTime(s); !ok {
		return ""
	}
	return s
}
