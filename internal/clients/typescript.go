package clients

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"muster/internal/apidoc"
	"muster/internal/config"
	"muster/internal/local"
)

// TypeScript makes the REST clients. It owns the generators' processes, which
// start with the first run or with Warm and end with Close.
type TypeScript struct {
	sets      []tsSet
	mu        sync.Mutex
	residents map[string]*resident // by the folder that the generator was looked for in
	idle      time.Duration        // after which one ends
}

// tsSet is one set of clients.
type tsSet struct {
	config.TypeScriptClients
	home string // where the generator is looked for
}

func (s tsSet) restDir(module string) string   { return filepath.Join(s.Dir, s.RESTPrefix+module) }
func (s tsSet) socketDir(module string) string { return filepath.Join(s.Dir, s.WSPrefix+module) }

// NewTypeScript prepares the generators; nothing runs yet.
func NewTypeScript(cfg *config.Config) *TypeScript {
	t := &TypeScript{residents: map[string]*resident{}, idle: idleTime}
	for _, c := range cfg.Specs.TypeScript {
		t.sets = append(t.sets, tsSet{c, home(cfg, c.Dir)})
	}
	return t
}

// home is the folder whose packages make the clients in dir: the frontend's,
// unless dir has packages of its own.
func home(cfg *config.Config, dir string) string {
	for !local.IsDir(dir) && dir != filepath.Dir(dir) {
		dir = filepath.Dir(dir) // the clients' folder may not be there yet
	}
	page := cfg.Page()
	if page == nil {
		return dir
	}
	if _, _, err := generatorPlace(dir); err != nil || within(page.Dir, dir) {
		return page.Dir
	}
	return dir
}

func within(folder, path string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(rel)
}

// Warm starts the generators' processes ahead of the first run. ctx ends them.
func (t *TypeScript) Warm(ctx context.Context) error {
	for _, set := range t.sets {
		if len(set.Command) > 0 {
			continue
		}
		if _, err := t.process(ctx, set.home, true); err != nil {
			return err
		}
	}
	return nil
}

// Close ends the generators' processes.
func (t *TypeScript) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range t.residents {
		r.close()
	}
	clear(t.residents)
}

func (t *TypeScript) process(ctx context.Context, home string, warm bool) (*resident, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r := t.residents[home]; r != nil {
		if !r.over.Load() {
			return r, nil
		}
		r.close()
		delete(t.residents, home)
	}
	r, err := startResident(ctx, home, warm, t.idle)
	if err != nil {
		return nil, err
	}
	t.residents[home] = r
	return r, nil
}

// generator names the generator and its version: another one makes other files.
func (s tsSet) generator() (string, error) {
	if len(s.Command) > 0 {
		return strings.Join(s.Command, "\x00"), nil
	}
	_, version, err := generatorPlace(s.home)
	return restGenerator + " " + version, err
}

// rest generates the REST client of a document into memory.
func (t *TypeScript) rest(ctx context.Context, set tsSet, d apidoc.Document) (map[string][]byte, error) {
	tmp, err := os.MkdirTemp("", "muster-client-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	input, output := filepath.Join(tmp, "openapi.json"), filepath.Join(tmp, "client")
	if err := os.WriteFile(input, d.Closed().Canonical(), 0o600); err != nil {
		return nil, err
	}
	if err := os.Mkdir(output, 0o755); err != nil {
		return nil, err
	}
	if len(set.Command) > 0 {
		err = set.custom(ctx, input, output)
	} else {
		err = t.generate(ctx, set.home, input, output)
	}
	if err != nil {
		return nil, err
	}
	return readFolder(output)
}

// generate has the generator of a folder make a client.
func (t *TypeScript) generate(ctx context.Context, home, input, output string) error {
	for {
		r, err := t.process(context.WithoutCancel(ctx), home, false)
		if err != nil {
			return err
		}
		if err = r.generate(ctx, input, output); !errors.Is(err, errIdle) { // it may end in just this moment
			return err
		}
	}
}

func (s tsSet) custom(ctx context.Context, input, output string) error {
	argv := make([]string, len(s.Command))
	for i, a := range s.Command {
		argv[i] = strings.NewReplacer("{input}", input, "{output}", output).Replace(a)
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = s.home
	cmd.WaitDelay = 2 * time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var log lastLines
		log.Write(out)
		return fmt.Errorf("the TypeScript generator failed (%s, %w): %s", s.Command[0], err, log.text())
	}
	return nil
}

func readFolder(dir string) (map[string][]byte, error) {
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		files[filepath.ToSlash(rel)] = data
		return err
	})
	if err == nil && len(files) == 0 {
		err = errors.New("the TypeScript generator wrote no files")
	}
	return files, err
}
