package config

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ReadEnvFile reads variables from a file in the manner of dotenv:
//
//	# a comment
//	NAME=value          # blanks around = and a comment after a blank are dropped
//	export NAME=value   # as a shell would read it
//	NAME='literal'      # everything up to the next ', line breaks included
//	NAME="a \"b\"\n"    # \n \r \t \" \\ and \$ mean what they mean in C and sh
//
// ${NAME}, ${NAME:-default} and the like are filled in but for those in '...': from
// the shell, from what stands before in the file, and from known; what nobody sets
// is empty. $HOME without braces stays $HOME. Of two values for one name the last
// one counts. The error is an *Error with every mistake when the file could be read.
func ReadEnvFile(path string, known ...EnvVar) ([]EnvVar, error) {
	data, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("read environment: %w", err)
	}
	return parseEnv(path, data, known...)
}

// envReader goes through an environment file; what follows in each function
// begins at the reader's offset.
type envReader struct {
	file     string
	text     string
	vars     []EnvVar // so far
	known    []EnvVar // from elsewhere
	at       int      // offset into text
	problems []Problem
}

func parseEnv(file string, data []byte, known ...EnvVar) ([]EnvVar, error) {
	data = bytes.ReplaceAll(bytes.TrimPrefix(data, byteOrderMark), []byte("\r\n"), []byte("\n"))
	r := &envReader{file: file, text: string(data), known: known}
	if len(data) > maxFile {
		r.problem(0, "the file is larger than 1 MiB")
		return nil, &Error{r.problems}
	}
	for i, c := range r.text {
		if c == utf8.RuneError && !strings.HasPrefix(r.text[i:], "\uFFFD") {
			r.problem(i, "byte 0x%02x is not UTF-8: save the file as UTF-8", r.text[i])
			return nil, &Error{r.problems}
		}
	}
	index := map[string]int{}
	const enough = 100 // problems; a file with more of them is no such file
	for r.at < len(r.text) && len(r.problems) < enough {
		v, ok := r.assignment()
		if !ok {
			continue
		}
		if i, again := index[v.Name]; again {
			r.vars[i].Value = v.Value
			continue
		}
		index[v.Name] = len(r.vars)
		r.vars = append(r.vars, v)
	}
	if r.problems != nil {
		return nil, &Error{r.problems}
	}
	return r.vars, nil
}

func (r *envReader) problem(at int, format string, args ...any) {
	before := r.text[:at]
	begin := strings.LastIndexByte(before, '\n') + 1
	r.problems = append(r.problems, Problem{
		File: r.file, Line: strings.Count(before, "\n") + 1, Column: utf8.RuneCountInString(before[begin:]) + 1,
		Message: fmt.Sprintf(format, args...),
	})
}

// assignment reads one line, or several when a quoted value spans them.
func (r *envReader) assignment() (v EnvVar, ok bool) {
	r.blanks()
	if rest := r.text[r.at:]; strings.HasPrefix(rest, "export ") || strings.HasPrefix(rest, "export\t") {
		r.at += len("export")
		r.blanks()
	}
	start := r.at
	if start == len(r.text) || r.text[start] == '\n' || r.text[start] == '#' {
		r.endLine()
		return v, false
	}
	equals := strings.IndexAny(r.text[start:], "=\n")
	if equals < 0 || r.text[start+equals] == '\n' {
		r.problem(start, "a = is missing: write NAME=VALUE")
		r.endLine()
		return v, false
	}
	name := strings.TrimRight(r.text[start:start+equals], " \t")
	if err := checkIdentifier(name); err != nil {
		r.problem(start, "the name %s %s", tick(name), err)
		r.endLine()
		return v, false
	}
	r.at = start + equals + 1
	r.blanks()
	value, ok := r.value()
	if ok && strings.IndexByte(value, 0) >= 0 {
		r.problem(start, "the value of %s holds a NUL character, which no variable can", name)
		ok = false
	}
	r.endLine()
	return EnvVar{Name: name, Value: value}, ok
}

// value reads what stands behind the =.
func (r *envReader) value() (string, bool) {
	if r.at < len(r.text) && (r.text[r.at] == '\'' || r.text[r.at] == '"') {
		return r.quoted()
	}
	begin := r.at
	line := r.text[begin:]
	if end := strings.IndexByte(line, '\n'); end >= 0 {
		line = line[:end]
	}
	r.at += len(line)
	for i := range len(line) {
		if line[i] == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t') {
			line = line[:i]
			break
		}
	}
	return r.expand(begin, strings.TrimRight(line, " \t\r"))
}

// expand fills in the variables of a value that begins there.
func (r *envReader) expand(at int, value string) (string, bool) {
	value, err := expander{lookup: environment(r.vars, r.known), lenient: true}.text(value)
	if err != nil {
		r.problem(at, "the value %s", err)
	}
	return value, err == nil
}

func (r *envReader) quoted() (string, bool) {
	start := r.at
	end := closingQuote(r.text, start)
	if end < 0 {
		r.problem(start, "the %c is not closed", r.text[start])
		r.at = start
		return "", false
	}
	value := r.text[start+1 : end]
	r.at = end + 1
	if r.text[start] == '"' && strings.IndexByte(value, 0) < 0 {
		const dollar = "\x00" // one that begins no variable
		value = strings.NewReplacer(`\n`, "\n", `\r`, "\r", `\t`, "\t", `\"`, `"`, `\\`, `\`, `\$`, dollar).Replace(value)
		var ok bool
		if value, ok = r.expand(start, value); !ok {
			return "", false
		}
		value = strings.ReplaceAll(value, dollar, "$")
	}
	r.blanks()
	if r.at < len(r.text) && r.text[r.at] != '\n' && r.text[r.at] != '#' {
		r.problem(r.at, "text follows the closing quote: put all of the value into quotes")
		return "", false
	}
	return value, true
}

func (r *envReader) blanks() {
	r.at = len(r.text) - len(strings.TrimLeft(r.text[r.at:], " \t"))
}

// endLine goes to the beginning of the next line.
func (r *envReader) endLine() {
	if end := strings.IndexByte(r.text[r.at:], '\n'); end >= 0 {
		r.at += end + 1
	} else {
		r.at = len(r.text)
	}
}
