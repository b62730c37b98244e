package specs

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

	"muster/internal/config"
)

// TypeScript makes the REST clients. It owns the generator's process, which
// starts with the first run or with Warm and ends with Close.
type TypeScript struct {
	clients  config.TypeScriptClients
	dir      string // where the generator is looked for
	once     bool   // for one run: closed at its end
	mu       sync.Mutex
	resident *resident
}

// NewTypeScript prepares a generator; nothing runs yet.
func NewTypeScript(cfg *config.Config) *TypeScript {
	dir := cfg.Specs.TypeScript.Dir
	if cfg.Frontend != nil {
		dir = cfg.Frontend.Dir
	}
	for !isDir(dir) && dir != filepath.Dir(dir) {
		dir = filepath.Dir(dir) // the clients' folder may not be there yet
	}
	return &TypeScript{clients: cfg.Specs.TypeScript, dir: dir}
}

// Warm starts the generator's process ahead of the first run. ctx ends it.
func (t *TypeScript) Warm(ctx context.Context) error {
	if len(t.clients.Command) > 0 {
		return nil
	}
	_, err := t.process(ctx, true)
	return err
}

// Close ends the generator's process.
func (t *TypeScript) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.resident != nil {
		t.resident.close()
		t.resident = nil
	}
}

func (t *TypeScript) process(ctx context.Context, warm bool) (*resident, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.resident != nil && t.resident.broken != nil {
		t.resident.close()
		t.resident = nil
	}
	if t.resident == nil {
		r, err := startResident(ctx, t.dir, warm)
		if err != nil {
			return nil, err
		}
		t.resident = r
	}
	return t.resident, nil
}

// identity names the generator and its version: another one makes other files.
func (t *TypeScript) identity() (string, error) {
	if len(t.clients.Command) > 0 {
		return strings.Join(t.clients.Command, "\x00"), nil
	}
	_, version, err := generatorPlace(t.dir)
	return restGenerator + " " + version, err
}

// REST generates the REST client of a document into memory.
func (t *TypeScript) REST(ctx context.Context, d Document) (map[string][]byte, error) {
	tmp, err := os.MkdirTemp("", "muster-client-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	input, output := filepath.Join(tmp, "openapi.json"), filepath.Join(tmp, "client")
	if err := os.WriteFile(input, d.Canonical(), 0o600); err != nil {
		return nil, err
	}
	if err := os.Mkdir(output, 0o755); err != nil {
		return nil, err
	}
	if len(t.clients.Command) > 0 {
		err = t.custom(ctx, input, output)
	} else {
		var r *resident
		if r, err = t.process(context.WithoutCancel(ctx), false); err == nil {
			err = r.generate(ctx, input, output)
		}
	}
	if err != nil {
		return nil, err
	}
	return readFolder(output)
}

func (t *TypeScript) custom(ctx context.Context, input, output string) error {
	argv := make([]string, len(t.clients.Command))
	for i, a := range t.clients.Command {
		argv[i] = strings.NewReplacer("{input}", input, "{output}", output).Replace(a)
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = t.dir
	cmd.WaitDelay = 2 * time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var log tail
		log.Write(out)
		return fmt.Errorf("the TypeScript generator failed (%s, %w): %s", t.clients.Command[0], err, log.text())
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
