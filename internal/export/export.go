// Package export writes a configuration in the words of what runs it elsewhere:
// Compose, Kubernetes, a Procfile. It runs, builds and deploys nothing.
//
// Nothing is lost in silence: what an export cannot say is in its notes, each with
// the line that it is about. A value that came from a variable or from a file of
// variables is never written, only named.
package export

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"muster/internal/config"
	"muster/internal/gateway"
	"muster/internal/hint"
	"muster/internal/printable"
)

// Source is what is exported: what config.Source made of a file.
type Source struct {
	Name   string // of the file, as the user gave it
	Config *config.Config
	Keys   []config.Key
	// Profiles are the active ones, for an export that knows none itself.
	Profiles []string
}

// Options are what a file does not say.
type Options struct {
	Images string // PREFIX of the images of processes that name none, PREFIX/NAME; "": they are an error
	Dir    string // absolute folder in which the export will lie; "" is that of the file
	Class  string // of Kubernetes' gateways; "" is DefaultClass
	// Namespace is that of every object of Kubernetes; "" is default.
	Namespace string
}

// DefaultClass is the GatewayClass that a Gateway names unless another is given.
const DefaultClass = "nginx"

// Note tells what became of a key that an export cannot say as it stands.
type Note struct {
	File string
	Line int
	Key  string
	Text string
}

func (n Note) String() string { return fmt.Sprintf("%s:%d: %s: %s", n.File, n.Line, n.Key, n.Text) }

// File is one that an export consists of.
type File struct {
	Name string // without a folder
	Data []byte
}

// export is one under way.
type export struct {
	Source
	Options
	to    target
	notes []Note
	lines map[string]int
	said  map[string]bool
	out   map[string]string // paths of processes that are left out -> a profile that has them

	routed bool // there is a gateway
}

func newExport(s Source, o Options, to target) *export {
	o.Dir, o.Images = cmp.Or(o.Dir, s.Config.Dir), strings.TrimSuffix(o.Images, "/")
	x := &export{Source: s, Options: o, to: to, lines: map[string]int{}, said: map[string]bool{}, out: map[string]string{}}
	for _, k := range s.Keys {
		x.lines[k.Path], x.said[k.Path] = k.Line, true
	}
	x.routed = s.Config.Nginx != nil && len(s.Config.Servers)+len(s.Config.Frontends) > 0
	return x
}

// note tells something of a key or, where the file does not say it, of what is around it.
func (x *export) note(key, format string, args ...any) {
	n := Note{File: x.Name, Line: x.line(key), Key: key, Text: fmt.Sprintf(format, args...)}
	if !slices.Contains(x.notes, n) {
		x.notes = append(x.notes, n)
	}
}

// head is the first line of a file.
func (x *export) head() string {
	return "# Written by muster from " + printable.Line(filepath.Base(x.Name)) + ", which is what to edit.\n"
}

func (x *export) line(key string) int {
	for ; key != ""; key = key[:max(strings.LastIndexAny(key, ".["), 0)] {
		if line, ok := x.lines[key]; ok {
			return line
		}
	}
	return 1
}

// finish adds what is to be said of the keys by themselves, and puts all in the order
// of the file.
func (x *export) finish() []Note {
	for _, k := range x.Keys {
		section := slices.ContainsFunc(x.Keys, func(o config.Key) bool {
			return strings.HasPrefix(o.Path, k.Path+".") || strings.HasPrefix(o.Path, k.Path+"[")
		})
		text := cmp.Or(x.leftOut(k.Path), fateOf(k.Path, x.to), x.idle(k.Path))
		if text != "" && !section {
			x.note(k.Path, "%s", text)
		} else if text == "" && k.Filled && !refers(k.Path) {
			x.note(k.Path, "written with the value that its variable has now")
		}
	}
	slices.SortFunc(x.notes, func(a, b Note) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Text, b.Text))
	})
	return x.notes
}

// leftOut says why a key of a process that is left out is not exported.
func (x *export) leftOut(key string) string {
	for path, profile := range x.out {
		if strings.HasPrefix(key, path+".") {
			return "not exported: -profile=" + profile + " does"
		}
	}
	return ""
}

// selectProfiles leaves what is in no profile, or in an active one.
func (x *export) selectProfiles() error {
	before, c := x.Config.Processes(), *x.Config
	err := c.Select(x.Profiles, func(string) bool { return false })
	if err != nil {
		return err
	}
	x.Config = &c
	x.routed = c.Nginx != nil && len(c.Servers)+len(c.Frontends) > 0
	for _, m := range before {
		if len(m.Profiles) == 0 {
			continue
		}
		if there := slices.ContainsFunc(c.Processes(), func(p config.Member) bool { return p.Name == m.Name }); there {
			x.note(m.Path+".profiles", "there are none there: it is exported for -profile=%s", strings.Join(x.Profiles, ","))
			continue
		}
		x.out[m.Path] = m.Profiles[0]
	}
	return nil
}

// image is that of a process; "" where it is built alone.
func (x *export) image(m config.Member) string {
	if m.Image == "" && (m.Build == nil || x.to == toKubernetes) && x.Images != "" {
		return x.Images + "/" + m.Name
	}
	return m.Image
}

// needImages names every process that has no image.
func (x *export) needImages() error {
	var lacking []string
	write := "`image: NAME:TAG` or `build: FOLDER`"
	if x.to == toKubernetes {
		write = "`image: NAME:TAG`"
	}
	for _, m := range x.Config.Processes() {
		if x.image(m) == "" && (m.Build == nil || x.to == toKubernetes) {
			lacking = append(lacking, fmt.Sprintf("%s:%d: %s has no image: write %s there", x.Name, x.line(m.Path), m.Path, write))
		}
	}
	if lacking == nil {
		return nil
	}
	return hint.With(errors.New(strings.Join(lacking, "\n")), "or give -image=PREFIX: each of them is then PREFIX/NAME")
}

// uvicorn is the command of a server that has none. Every instance has an address of
// its own, and so all have one port.
func uvicorn(s *config.Server) []string {
	argv := []string{"python", "-m", "uvicorn", escape(s.App), "--host", "0.0.0.0", "--port", fmt.Sprint(s.Port),
		// Longer than a gateway keeps a connection, so that no request meets its end.
		"--timeout-keep-alive", "75"}
	return append(argv, s.Args...)
}

// argv is the command of a process.
func (x *export) argv(m config.Member) []string {
	if s, ok := x.Config.Server(m.Name); ok && m.Command == nil {
		return uvicorn(s)
	}
	return x.words(m.Path+".command", m.Command, m.Port)
}

// words are a command with its ports, and with the names of other processes where
// those are meant.
func (x *export) words(key string, words []string, port int) (out []string) {
	for _, w := range words {
		out = append(out, x.text(key, w, port))
	}
	return out
}

func (x *export) text(key, text string, port int) string {
	for _, m := range x.Config.Processes() {
		at := "{port:" + m.Name + "}"
		for _, host := range localNames {
			text = strings.ReplaceAll(text, host+":"+at, x.to.host(m.Name)+":"+at)
		}
	}
	text = x.Config.FillPorts(text, port)
	if x.to == toProcfile {
		return text
	}
	for _, host := range localNames {
		if strings.Contains(text, host) {
			x.note(key, "%s is the container itself: name another process by %s:{port:NAME}, and have a server listen on 0.0.0.0", host, host)
		}
	}
	if strings.Contains(text, ".local/") || x.Config.Dir != "/" && strings.Contains(text, x.Config.Dir+"/") {
		x.note(key, "names a file of this machine, which the image has to have at the same place")
	}
	return text
}

var localNames = []string{"127.0.0.1", "localhost"}

// unless makes one command of two: where the first succeeds, the second is not run.
// No word of them becomes a shell's.
func unless(first, second []string) []string {
	var given strings.Builder
	for i := range first {
		fmt.Fprintf(&given, ` "$${%d}"`, i+1)
	}
	script := fmt.Sprintf(`if%s; then exit 0; fi; shift %d; exec "$$@"`, given.String(), len(first))
	return append(append([]string{"sh", "-c", script, "sh"}, first...), second...)
}

// taskArgv is the command of a task.
func (x *export) taskArgv(m config.Member) []string {
	argv := x.argv(m)
	for _, t := range x.Config.Tasks {
		if t.Name == m.Name && t.Unless != nil {
			x.note(m.Path+".unless", "needs sh in the image")
			return unless(x.words(m.Path+".unless", t.Unless, 0), argv)
		}
	}
	return argv
}

// routes are those of the gateway; nil: there is none.
func (x *export) routes() ([]gateway.Route, error) {
	if !x.routed {
		return nil, nil
	}
	return gateway.Table(x.Config)
}

// pages notes of each page what is exported there.
func (x *export) pages() {
	for _, m := range x.Config.Processes() {
		if m.Kind == config.KindFrontend {
			x.note(m.Path, "its development server is exported, which has to listen on 0.0.0.0: a built page is better served by an image of its own")
		}
	}
}
