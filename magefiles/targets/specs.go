package targets

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/magefile/mage/mg"

	"muster/internal/apidoc"
	"muster/internal/clients"
	"muster/internal/config"
	"muster/internal/console"
	"muster/internal/hint"
	"muster/internal/printable"
	"muster/internal/specs"
	"muster/internal/stack"
)

// Specs exports the API's documents, and generates, checks and watches the clients.
type Specs mg.Namespace

// withPython does the work of a target that needs the backend's interpreter.
func withPython(ctx context.Context, arg *string, work func(cfg *config.Config, python string) error) error {
	return withProject(arg, func(p project) error {
		if !specs.Possible(p.cfg) {
			return hint.With(errors.New("no server is known to have a document of its API"), "name it in the configuration: specs: {documents: [{server: NAME, url: /openapi.json}]}")
		}
		python, err := "", error(nil)
		if !specs.NeedsServers(p.cfg) {
			python, err = stack.Python(ctx, p.cfg, stderr)
		}
		if err != nil {
			return err
		}
		return work(p.cfg, python)
	})
}

// Export writes the OpenAPI and AsyncAPI documents, for the whole and for each
// module, from the running servers or else by importing the application.
//
// -only=openapi or -only=asyncapi restricts it to the documents of one kind.
func (Specs) Export(ctx context.Context, config, only *string) error {
	return exportDocuments(ctx, config, apidoc.Kind(console.Or(only, "")))
}

func exportDocuments(ctx context.Context, arg *string, only apidoc.Kind) error {
	if only != "" && only != apidoc.OpenAPI && only != apidoc.AsyncAPI {
		return console.Exit(usageError(fmt.Sprintf("-only=%s: it is openapi or asyncapi", only)))
	}
	return withPython(ctx, arg, func(cfg *config.Config, python string) error {
		end := stderr.Begin("documents of the API")
		changed, err := specs.Exporter{Config: cfg, Python: python, Only: only}.Export(ctx, stderr.Step)
		end()
		if err != nil {
			return err
		}
		stdout.Done("documents in %s: %s", cfg.Specs.Dir, count(len(changed), "changed"))
		return nil
	})
}

// Generate exports the documents and generates the clients that differ from them.
//
// -only=python or -only=typescript restricts it to the clients of one language,
// -only=rest and -only=ws to one half of TypeScript's.
func (Specs) Generate(ctx context.Context, config, only *string) error {
	return generateClients(ctx, config, names(only))
}

func generateClients(ctx context.Context, arg *string, only []string) error {
	kinds, err := clients.Kinds(only)
	if err != nil {
		return console.Exit(usageError("-only: " + err.Error()))
	}
	return withPython(ctx, arg, func(cfg *config.Config, python string) error {
		end := stderr.Begin("documents of the API")
		_, err := specs.Exporter{Config: cfg, Python: python}.Export(ctx, stderr.Step)
		if end(); err != nil {
			return err
		}
		if (len(kinds) == 0 || slices.Contains(kinds, clients.REST)) && specs.NeedsNode(cfg) {
			if err := stack.PrepareNode(ctx, cfg, stderr); err != nil {
				return err
			}
		}
		end = stderr.Begin("clients")
		res, err := clients.Generate(ctx, cfg, clients.Options{Only: kinds})
		if end(); err != nil {
			return err
		}
		for _, line := range res.Omitted {
			stderr.Warn("%s", line)
		}
		stdout.Done("clients: %s", count(len(res.Written), "changed"))
		return nil
	})
}

func count(n int, what string) string {
	switch n {
	case 0:
		return "nothing " + what
	case 1:
		return "1 file " + what
	}
	return fmt.Sprintf("%d files %s", n, what)
}

// Check fails with a diff when a client is not what its document says, for CI
// and git hooks.
//
// -json prints the files that differ for scripts.
func (Specs) Check(ctx context.Context, config *string, json *bool) error {
	return withProject(config, func(p project) error {
		end := stderr.Begin("clients")
		if console.Or(json, false) {
			fresh, err := clients.Fresh(ctx, p.cfg)
			end()
			if err == nil {
				err = console.JSON(os.Stdout, fresh)
			}
			if err == nil && fresh.Stale {
				err = errStale{}
			}
			return err
		}
		stale, err := clients.Check(ctx, p.cfg, stdout.Log())
		end()
		switch {
		case err != nil:
			return err
		case stale:
			return errStale{}
		}
		stdout.Done("the clients are what the documents say")
		return nil
	})
}

type errStale struct{}

func (errStale) Error() string { return "generated clients are stale" }
func (errStale) Hint() string  { return "generate them: specs:generate" }

// Diff tells which operations differ between two states of the documents.
//
// -from and -to name a folder, a file or a git revision; left out, the folder
// as it is now. -json prints it for scripts. The exit code is 1 if a change is
// breaking.
func (Specs) Diff(ctx context.Context, config, from, to *string, json *bool) error {
	return withProject(config, func(p project) error {
		end := stderr.Begin("documents of the API")
		changes, err := apidoc.DiffStates(ctx, p.cfg.Specs.Dir, console.Or(from, "HEAD"), console.Or(to, ""))
		end()
		if err != nil {
			return err
		}
		return showChanges(changes, console.Or(json, false))
	})
}

func showChanges(changes []apidoc.DocumentChange, asJSON bool) error {
	breaking := false
	for _, c := range changes {
		breaking = breaking || c.Breaking
	}
	if asJSON {
		if changes == nil {
			changes = []apidoc.DocumentChange{}
		}
		if err := console.JSON(os.Stdout, changes); err != nil {
			return err
		}
	} else {
		for _, c := range changes {
			fmt.Println(printable.Line(fmt.Sprintf("%s %s: %s", c.Module, c.Kind, c.Change)))
		}
		if len(changes) == 0 {
			stdout.Done("no operation differs")
		}
	}
	if breaking {
		return console.Failed
	}
	return nil
}

// WatchFrontend regenerates the TypeScript clients whenever a document changes.
func (Specs) WatchFrontend(ctx context.Context, config *string) error {
	return watchSpecs(ctx, config, specs.WatchFrontend)
}

// WatchPython exports the documents and regenerates the Python clients whenever
// a source of the backend changes.
func (Specs) WatchPython(ctx context.Context, config *string) error {
	return watchSpecs(ctx, config, specs.WatchPython)
}

func watchSpecs(ctx context.Context, arg *string, watch func(context.Context, specs.Watcher) error) error {
	return withPython(ctx, arg, func(cfg *config.Config, python string) error {
		if specs.NeedsNode(cfg) {
			if err := stack.PrepareNode(ctx, cfg, stderr); err != nil {
				return err
			}
		}
		ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
		defer stop()
		err := watch(ctx, specs.Watcher{Config: cfg, Python: python, Report: stderr.Step, Begin: stderr.Begin,
			Ready: func() { stderr.Step("watching; Ctrl-C ends it") }})
		if errors.Is(err, context.Canceled) && ctx.Err() != nil {
			return nil
		}
		return err
	})
}
