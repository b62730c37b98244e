package agent

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"muster/internal/hint"
	"muster/internal/local"
)

// Entry is how a client is told of the server.
type Entry struct {
	Client string // the name by which it is asked for
	Title  string
	File   string // absolute; where the client reads it
	Text   string // what is to stand there, with what is around it

	root    string   // the folder below which nothing of the file's path may be a link
	section string   // the object in File that holds the servers; "": it is TOML
	server  []string // lines of JSON: the server
	toml    string
}

// serverName is that of the server in a client's file.
const serverName = "muster"

// Launch is how a client starts the server.
type Launch struct {
	Command string   `json:"command"`
	Args    []string `json:"args"`
}

// Entries are those of the usual clients, for a project's folder.
func Entries(dir string, l Launch) []Entry {
	entry := func(client, title, file, section string, typed bool) Entry {
		e := Entry{Client: client, Title: title, File: filepath.Join(dir, file), root: dir, section: section}
		if typed {
			e.server = []string{`"type": "stdio",`}
		}
		e.server = append(e.server, `"command": `+quoted(l.Command)+`,`, `"args": `+list(l.Args))
		e.Text = string(newFile(section, e.server))
		return e
	}
	all := []Entry{
		entry("claude", "Claude Code", ".mcp.json", "mcpServers", true),
		entry("cursor", "Cursor", ".cursor/mcp.json", "mcpServers", true),
		entry("vscode", "VS Code", ".vscode/mcp.json", "servers", true),
		entry("gemini", "Gemini CLI", ".gemini/settings.json", "mcpServers", false),
	}
	home := os.Getenv("CODEX_HOME")
	if home == "" {
		if user, err := os.UserHomeDir(); err == nil {
			home = filepath.Join(user, ".codex")
		}
	}
	// It is the user's, for all projects: each has a name of its own in it.
	name := serverName + "-" + regexp.MustCompile(`[^A-Za-z0-9_-]+`).ReplaceAllString(filepath.Base(dir), "-")
	table := fmt.Sprintf("[mcp_servers.%s]\ncommand = %s\nargs = %s\n", name, quoted(l.Command), list(l.Args))
	return append(all, Entry{Client: "codex", Title: "Codex", File: filepath.Join(home, "config.toml"), Text: table,
		root: filepath.Dir(home), toml: name})
}

// quoted is a text in quotes, as JSON and TOML read it alike.
func quoted(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.Encode(s)
	return strings.ReplaceAll(strings.TrimSpace(b.String()), "\x7f", `\u007f`)
}

func list(words []string) string {
	var all []string
	for _, w := range words {
		all = append(all, quoted(w))
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// mostConfig is more than any client's file has, in bytes.
const mostConfig = 4 << 20

// Write puts the entry into the client's file and keeps all else of it as it is. It
// tells whether that changed anything.
func (e Entry) Write() (changed bool, err error) {
	mode, err := e.look()
	if err != nil {
		return false, e.byHand(err)
	}
	old, err := local.Read(e.File, mostConfig)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, e.byHand(err)
	}
	now, err := e.into(old)
	if err != nil {
		return false, e.byHand(fmt.Errorf("%s: %w", e.File, err))
	}
	if bytes.Equal(old, now) {
		return false, nil
	}
	return true, local.Write(e.File, now, mode)
}

func (e Entry) byHand(err error) error {
	return hint.With(fmt.Errorf("nothing was written: %w", err), "agent:install -client="+e.Client+" prints what belongs into "+e.File)
}

// look refuses a file that is somewhere else than its name says. The mode is that of
// the file.
func (e Entry) look() (fs.FileMode, error) {
	mode := fs.FileMode(0o644)
	for path := e.File; len(path) > len(e.root); path = filepath.Dir(path) {
		info, err := os.Lstat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return 0, err
		case info.Mode()&fs.ModeSymlink != 0:
			return 0, fmt.Errorf("%s is a symbolic link", path)
		case path != e.File && !info.IsDir(), path == e.File && !info.Mode().IsRegular():
			return 0, fmt.Errorf("%s is not what it should be", path)
		case path == e.File:
			mode = info.Mode().Perm()
		}
	}
	return mode, nil
}

// into is a client's file with the entry.
func (e Entry) into(old []byte) ([]byte, error) {
	if e.section == "" {
		return e.intoTOML(old)
	}
	if len(bytes.TrimSpace(old)) == 0 {
		return newFile(e.section, e.server), nil
	}
	top, err := members(old, 0)
	if err != nil {
		return nil, err
	}
	unit := indentOf(old)
	section, ok := top.find(e.section)
	if !ok {
		return checked(top.insert(old, e.section, object([]member{{name: serverName, lines: e.server}}, unit, unit), "", unit))
	}
	servers, err := members(old[:section.end], section.start)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.section, err)
	}
	value := serverObject(e.server, unit, 2)
	if there, ok := servers.find(serverName); ok {
		if sameJSON(old[there.start:there.end], []byte(value)) {
			return old, nil
		}
		return checked(splice(old, there.start, there.end, value))
	}
	return checked(servers.insert(old, serverName, value, unit, unit))
}

func (e Entry) intoTOML(old []byte) ([]byte, error) {
	if bytes.Contains(old, []byte(e.Text)) {
		return old, nil
	}
	// What looks like the table is left to a person; all else is not touched.
	if regexp.MustCompile(`(?m)^\s*\[{1,2}\s*mcp_servers\s*\.\s*["']?` + regexp.QuoteMeta(e.toml) + `["']?\s*[\].]`).Match(old) {
		return nil, fmt.Errorf("it has another mcp_servers.%s already", e.toml)
	}
	if regexp.MustCompile(`(?m)^\s*(mcp_servers\s*=|\[\[\s*mcp_servers\s*\]\])`).Match(old) {
		return nil, errors.New("it has mcp_servers in another form than that of tables")
	}
	now := old
	if len(now) > 0 {
		now = append(bytes.TrimRight(bytes.Clone(old), "\n"), '\n', '\n')
	}
	return append(now, e.Text...), nil
}

// newFile is a client's file with nothing else in it.
func newFile(section string, server []string) []byte {
	const unit = "  "
	return []byte("{\n" + unit + quoted(section) + ": " + object([]member{{name: serverName, lines: server}}, unit, unit) + "\n}\n")
}

func object(servers []member, unit, indent string) string {
	s := servers[0]
	return "{\n" + indent + unit + quoted(s.name) + ": " + serverObject(s.lines, unit, 2) + "\n" + indent + "}"
}

func serverObject(lines []string, unit string, depth int) string {
	indent := strings.Repeat(unit, depth)
	return "{\n" + indent + unit + strings.Join(lines, "\n"+indent+unit) + "\n" + indent + "}"
}

// checked gives the file only if a client can read it.
func checked(data []byte) ([]byte, error) {
	if !json.Valid(data) {
		return nil, errors.New("the entry does not fit into it")
	}
	return data, nil
}
