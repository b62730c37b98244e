package apidoc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"muster/internal/hint"
	"muster/internal/local"
)

// DocumentChange is a change in one of a project's documents.
type DocumentChange struct {
	Module string `json:"module"`
	Kind   Kind   `json:"kind"`
	Change
}

// DiffStates compares two states of the documents in a folder. A state is another
// folder, a document's file or a git revision; "" is the folder as it is now.
func DiffStates(ctx context.Context, dir, from, to string) ([]DocumentChange, error) {
	a, err := readState(ctx, dir, from)
	if err != nil {
		return nil, err
	}
	b, err := readState(ctx, dir, to)
	if err != nil {
		return nil, err
	}
	if isFileState(a) != isFileState(b) {
		return nil, hint.With(errors.New("a single document can only be compared with another one"), "name two files, or two folders or git revisions")
	}
	var all []DocumentChange
	for _, key := range allKeys(a, b) {
		module, kind, _ := strings.Cut(key, "\x00")
		x, inOld := a[key]
		y, inNew := b[key]
		if !inOld {
			x = Document{Kind: Kind(kind), Version: y.Version, Root: map[string]any{}}
		}
		if !inNew {
			y = Document{Kind: Kind(kind), Version: x.Version, Root: map[string]any{}}
		}
		for _, c := range Diff(x, y) {
			all = append(all, DocumentChange{module, Kind(kind), c})
		}
	}
	return all, nil
}

// isFileState tells whether a state is one document, of no module.
func isFileState(docs map[string]Document) bool {
	for key := range docs {
		return strings.HasPrefix(key, "\x00")
	}
	return false
}

func readState(ctx context.Context, dir, name string) (map[string]Document, error) {
	if name == "" {
		return readDocuments(dir)
	}
	if local.IsDir(name) {
		return readDocuments(name)
	}
	if _, err := os.Stat(name); err == nil {
		within := filepath.Dir(name)
		if rel, err := filepath.Rel(dir, name); err == nil && filepath.IsLocal(rel) {
			within = dir // its documents may share files
		}
		d, err := LoadWithin(within, name)
		if err != nil {
			return nil, err
		}
		return map[string]Document{"\x00" + string(d.Kind): d}, nil
	}
	return readRevision(ctx, dir, name)
}

func readDocuments(dir string) (map[string]Document, error) {
	modules, err := Modules(dir)
	if err != nil {
		return nil, err
	}
	all := map[string]Document{}
	for _, m := range modules {
		for _, d := range []Document{m.REST, m.WS} {
			if d.Kind != "" {
				all[m.Name+"\x00"+string(d.Kind)] = d
			}
		}
	}
	return all, nil
}

// readRevision reads the documents as git has them: the folder's files are
// laid out in a temporary one, since documents may refer to each other.
func readRevision(ctx context.Context, dir, revision string) (map[string]Document, error) {
	if strings.HasPrefix(revision, "-") {
		return nil, fmt.Errorf("%q is neither a folder nor a git revision", revision)
	}
	parent := dir
	for !local.IsDir(parent) && parent != filepath.Dir(parent) {
		parent = filepath.Dir(parent)
	}
	prefix, err := filepath.Rel(parent, dir)
	if err != nil {
		return nil, err
	}
	out, err := git(ctx, parent, "ls-tree", "-r", "-z", "--name-only", revision, "--", "./"+filepath.ToSlash(prefix)+"/")
	if err != nil {
		return nil, hint.With(fmt.Errorf("reading the documents at %q: %w", revision, err), "name a folder, a file or a git revision such as HEAD~1 or main")
	}
	tmp, err := os.MkdirTemp("", "muster-revision-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		rel, err := filepath.Rel(prefix, filepath.FromSlash(name))
		if name == "" || err != nil || !filepath.IsLocal(rel) {
			continue
		}
		data, err := git(ctx, parent, "show", revision+":./"+name)
		if err != nil {
			return nil, err
		}
		file := filepath.Join(tmp, rel)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(file, data, 0o600); err != nil {
			return nil, err
		}
	}
	docs, err := readDocuments(tmp)
	if err != nil {
		return nil, fmt.Errorf("at %s: %s", revision, strings.ReplaceAll(err.Error(), tmp, dir))
	}
	return docs, nil
}

func git(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", dir}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return nil, errors.New("git is not installed")
		}
		if line, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n"); line != "" {
			return nil, errors.New(strings.TrimPrefix(line, "fatal: "))
		}
		return nil, err
	}
	return out, nil
}
