package config

import (
	"errors"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"gopkg.in/yaml.v3"
)

// elements returns the elements of a list.
func (d *decoder) elements(v value, expected string) ([]value, bool) {
	if d.asked != nil {
		d.asked.list(v)
		if !v.set() {
			return []value{{path: v.path + "[0]"}}, true
		}
	}
	if !v.set() {
		return nil, false
	}
	if v.null() {
		d.reportAt(v.at, "", "%s is empty: it must be %s; write [] for none", v.path, expected)
		return nil, false
	}
	if v.node.Kind != yaml.SequenceNode {
		suggestion := ""
		if v.node.Kind == yaml.ScalarNode && checkName(v.node.Value) == nil {
			suggestion = "[" + v.node.Value + "]"
		}
		d.suggest(v, suggestion, "%s must be %s, not %s", v.path, expected, describe(v.node))
		return nil, false
	}
	values := make([]value, len(v.node.Content))
	for i, n := range v.node.Content {
		node, ok := follow(n)
		values[i] = value{path: v.path + "[" + strconv.Itoa(i) + "]", node: node, at: place(n), site: place(n)}
		if !ok {
			d.reportAt(place(n), "", "%s is an alias of itself", values[i].path)
			return nil, false
		}
	}
	return values, true
}

// names reads a list of names, each at most once. What is wrong is left out.
func (d *decoder) names(v value, into *[]string, expected string) {
	values, ok := d.elements(v, expected)
	d.asked.once(v)
	if !ok {
		return
	}
	names := make([]string, 0, len(values))
	for _, e := range values {
		var s string
		d.str(e, &s, "a name", aName)
		if s == "" {
			continue
		}
		here := value{path: v.path + "." + s, node: e.node, site: e.site}
		if at, twice := d.where[here.path]; twice {
			d.report(e, "%s names %s a second time, after line %d", v.path, tick(s), at.line)
			continue
		}
		d.mark(here)
		names = append(names, s)
	}
	*into = names
}

// command reads an argv: a list of words, or a text that is split into them.
func (d *decoder) command(v value, into *[]string) {
	d.asked.words(v, 1)
	argv, ok := d.words(v, "a command: a list of words, or one text")
	switch {
	case !ok:
	case len(argv) == 0 || argv[0] == "":
		d.report(v, "%s is empty: it must name a program", v.path)
	default:
		*into = argv
	}
}

// portCommand reads an argv in which {port} is filled in. It refuses $PORT where
// no shell would expand it.
func (d *decoder) portCommand(v value, into *[]string) {
	var argv []string
	d.command(v, &argv)
	if argv == nil {
		return
	}
	if *into = argv; d.refers {
		return // what a variable holds is not looked at
	}
	shell := false
	for _, arg := range argv {
		// What has blanks may be a line that the program hands to a shell.
		if shell = shell || isShell(arg); shell || strings.ContainsAny(arg, " \t\n") {
			continue
		}
		if word := portVariable(arg); word != "" {
			d.suggest(v, strings.ReplaceAll(arg, word, "{port}"), "%s has %s, and no shell expands it: write {port}", v.path, tick(arg))
		}
	}
}

func isShell(program string) bool {
	switch filepath.Base(program) {
	case "sh", "bash", "dash", "zsh", "ksh", "ash", "fish", "busybox":
		return true
	}
	return false
}

// portVariable is the variable PORT as a shell would find it in a word, or "".
func portVariable(arg string) string {
	if i := strings.Index(arg, "${PORT"); i >= 0 {
		if end := strings.IndexByte(arg[i:], '}'); end > 0 && !only(arg[i+6:i+7], lower+upper+digits+"_") {
			return arg[i : i+end+1]
		}
	}
	for i := 0; i < len(arg); i++ {
		rest, ok := strings.CutPrefix(arg[i:], "$PORT")
		if ok && (rest == "" || !only(rest[:1], lower+upper+digits+"_")) {
			return "$PORT"
		}
	}
	return ""
}

// args reads further arguments of uvicorn, without those that are ours to give.
func (d *decoder) args(v value, into *[]string) {
	d.asked.words(v, 0)
	args, ok := d.words(v, "arguments: a list of words, or one text")
	for _, arg := range args {
		option, _, _ := strings.Cut(arg, "=")
		if why := reservedArgs[option]; why != "" {
			d.report(v, "%s has %s: %s", v.path, tick(option), why)
			ok = false
		}
	}
	if ok && len(args) > 0 {
		*into = args
	}
}

// reservedArgs are the options of uvicorn that cannot be given, and why.
var reservedArgs = map[string]string{
	"--fd":             "the listening socket is handed over, so that a restart refuses no connection",
	"--uds":            "servers listen on their port; remove it",
	"--host":           "servers listen on 127.0.0.1; nginx.host is the address of the public side",
	"--port":           "write port",
	"--workers":        "write instances, each of which is a process of its own",
	"--reload":         "write reload: true",
	"--no-reload":      "write reload: false",
	"--reload-dir":     "the folder of the sources is watched; reload_include and reload_exclude choose among its files",
	"--reload-include": "write reload_include",
	"--reload-exclude": "write reload_exclude",
	"--ssl-keyfile":    "the gateway and the health checks speak plain HTTP to a server; nginx.tls serves HTTPS",
	"--ssl-certfile":   "the gateway and the health checks speak plain HTTP to a server; nginx.tls serves HTTPS",
}

// patterns reads a list of glob patterns of files.
func (d *decoder) patterns(v value, into *[]string) {
	values, ok := d.elements(v, "a list of patterns, such as [data, \"*.tmp\"]")
	if !ok || len(values) == 0 {
		return
	}
	patterns := make([]string, len(values))
	for i, e := range values {
		d.str(e, &patterns[i], "a pattern", aPattern)
	}
	*into = patterns
}

// globs reads a list of patterns of files in which ** stands for any folders.
func (d *decoder) globs(v value, into *[]string) {
	values, ok := d.elements(v, "a list of patterns, such as [\"**/*.go\", templates/*.html]")
	if !ok || len(values) == 0 {
		return
	}
	globs := make([]string, len(values))
	for i, e := range values {
		d.str(e, &globs[i], "a pattern", aGlob)
	}
	*into = globs
}

var aGlob = grammar{check: checkGlob, pattern: relative}

func checkGlob(s string) error {
	if err := checkPattern(s); err != nil {
		return err
	}
	if !doublestar.ValidatePattern(s) {
		return errors.New("must be a pattern of files, such as src/**/*.go")
	}
	return nil
}

// hosts reads a list of host names. An empty one says that there are no others
// than the usual ones.
func (d *decoder) hosts(v value, into *[]string) {
	values, ok := d.elements(v, "a list of host names, such as [my.test, \"*.my.test\"]")
	if !ok {
		return
	}
	hosts := make([]string, len(values))
	for i, e := range values {
		d.str(e, &hosts[i], "a host name", aHostName)
	}
	*into = hosts
}

// words reads a list of words, or a text that is split into them.
func (d *decoder) words(v value, expected string) (argv []string, ok bool) {
	if !v.set() {
		return nil, false
	}
	if v.node.Kind == yaml.ScalarNode {
		text, ok := d.text(v, expected)
		if !ok {
			return nil, false
		}
		words, err := splitWords(text)
		if err != nil {
			d.report(v, "%s %s", v.path, err)
			return nil, false
		}
		argv = words
	} else {
		values, ok := d.elements(v, expected)
		if !ok {
			return nil, false
		}
		for _, e := range values {
			text, ok := d.text(e, "a word of the command")
			if !ok {
				return nil, false
			}
			argv = append(argv, text)
		}
	}
	if strings.ContainsRune(strings.Join(argv, ""), 0) {
		d.report(v, "%s holds a NUL character", v.path)
		return nil, false
	}
	return argv, true
}

// env reads a mapping of variables. A value is taken as it is written, so
// that 010 and yes stay what they are.
func (d *decoder) env(v value, into *[]EnvVar) {
	d.asked.env(v)
	var env []EnvVar
	for _, e := range d.mapping(v) {
		if err := checkIdentifier(e.key); err != nil {
			d.reportAt(e.at, "", "%s: the name of a variable %s", e.path, err)
			continue
		}
		if e.null() {
			d.reportAt(e.value.at, "", `%s is empty: write "" for an empty value`, e.path)
			continue
		}
		d.say(e)
		text, ok := d.text(e.value, "one value")
		if !ok {
			continue
		}
		if strings.ContainsRune(text, 0) {
			d.report(e.value, "%s holds a NUL character, which no variable can", e.path)
			continue
		}
		d.mark(e.value)
		env = append(env, EnvVar{Name: e.key, Value: text})
	}
	if env != nil {
		*into = env
	}
}

// path reads a path and makes it absolute, from the folder of the file.
func (d *decoder) path(v value, into *string) {
	p := ""
	d.str(v, &p, "a path", aPath)
	d.asked.path(v, *into, d.dir)
	if p != "" {
		*into = d.absolute(p)
		d.mark(v)
	}
}

// paths reads a list of paths, at least one.
func (d *decoder) paths(v value, into *[]string) {
	values, ok := d.elements(v, "a list of paths")
	if !ok {
		return
	}
	d.asked.some(v)
	if len(values) == 0 {
		d.report(v, "%s is empty: it must name a folder", v.path)
		return
	}
	paths := make([]string, len(values))
	for i, e := range values {
		d.path(e, &paths[i])
	}
	*into = paths
}

// program reads an interpreter: a bare name is looked up on PATH when it is
// used, anything else is a path.
func (d *decoder) program(v value, into *string) {
	p := ""
	d.str(v, &p, "a program", aProgram)
	if strings.Contains(p, "/") {
		p = d.absolute(p)
	}
	if p != "" {
		*into = p
		d.mark(v)
	}
}

var aProgram = grammar{check: checkProgram, pattern: `^[^~` + control + `-]` + pathEnd + tilde}

func checkProgram(s string) error {
	if strings.HasPrefix(s, "-") {
		return errors.New("must not begin with -")
	}
	return checkPath(s)
}

func (d *decoder) absolute(p string) string {
	if filepath.IsAbs(p) {
		return filepath.Clean(p)
	}
	return filepath.Join(d.dir, p)
}
