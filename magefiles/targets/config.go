package targets

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/magefile/mage/mg"
	"gopkg.in/yaml.v3"

	muster "muster/internal/config"
	"muster/internal/console"
	"muster/internal/hint"
	"muster/internal/local"
	"muster/internal/scaffold"
	"muster/internal/stack"
	"muster/templates"
)

// Config makes, checks and shows the configuration.
type Config mg.Namespace

// Validate reports every mistake in the configuration, each with its line.
//
// -json prints them for scripts.
func (Config) Validate(config *string, json *bool) error {
	if console.Or(json, false) {
		return console.Exit(validateJSON(config))
	}
	return withProject(config, func(p project) error {
		writeSchema(p.cfg.Dir)
		stdout.Done("%s is valid", p.cfg.File)
		return nil
	})
}

func validateJSON(arg *string) error {
	file, err := configFile(arg)
	if err != nil {
		return err
	}
	_, wrong := loadConfig(arg)
	check, err := muster.Checked(file, wrong)
	if err != nil {
		return err
	}
	if err := console.JSON(os.Stdout, check); err != nil {
		return err
	}
	return wrong
}

// Show prints the configuration with every default filled in.
//
// -json prints it as JSON, of the same form as the file.
func (Config) Show(config *string, json *bool) error {
	return withProject(config, func(p project) error {
		text, err := p.cfg.YAML()
		if err == nil && console.Or(json, false) {
			var value any
			if err := yaml.Unmarshal(text, &value); err != nil {
				return err
			}
			return console.JSON(os.Stdout, value)
		}
		if err == nil {
			_, err = os.Stdout.Write(text)
		}
		return err
	})
}

// Schema prints the JSON schema of the configuration, which editors check and complete
// it by. It is also in .local, where the first line of a dev-config.yaml names it.
func (Config) Schema() error {
	_, err := os.Stdout.Write(muster.Schema())
	return console.Exit(err)
}

// writeSchema writes it for editors, who can do without.
func writeSchema(dir string) {
	if err := stack.WriteSchema(local.Of(dir)); err != nil {
		stderr.Warn("%v", err)
	}
}

// makefileName is the file of the old targets in a project of somebody's own.
const makefileName = "muster.mk"

// Init writes a dev-config.yaml for the project in this folder, and a muster.mk with
// the Make targets. It overwrites nothing.
//
// -from=FILE reads that file alone: a Procfile, a Compose file, a process-compose.yaml,
// a package.json, ...; else all that is found is read.
func (Config) Init(from *string) error {
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	return console.Exit(initProject(dir, console.Or(from, "")))
}

func initProject(dir, from string) error {
	config, makefile := isThere(dir, configName), isThere(dir, makefileName)
	switch {
	case config && makefile:
		return hint.With(usageError(fmt.Sprintf("%s and %s are there already, and are not overwritten", configName, makefileName)),
			fmt.Sprintf("to begin anew: mv %s %s.old, and the same with %s", configName, configName, makefileName))
	case config:
		stderr.Warn("%s is there already and is left as it is; to begin anew: mv %s %s.old", configName, configName, configName)
	case makefile:
		stderr.Warn("%s is there already and is left as it is", makefileName)
	}
	if !config {
		if err := draftConfig(dir, from); err != nil {
			return err
		}
		writeSchema(dir)
	}
	if !makefile {
		if err := create(filepath.Join(dir, makefileName), templates.MusterMK); err != nil {
			return err
		}
		stderr.Done("wrote %s: `include %s` in a Makefile, or make -f %s dev-fullstack-multi", makefileName, makefileName, makefileName)
	}
	return nil
}

// draftConfig writes the configuration, and tells what became of what was read.
func draftConfig(dir, from string) error {
	draft, err := scaffold.Read(dir, from)
	if err != nil {
		return configError{err}
	}
	if err := create(filepath.Join(dir, configName), draft.YAML); err != nil {
		return err
	}
	stderr.Done("wrote %s from %s", configName, strings.Join(draft.Used, ", "))
	for _, line := range draft.Said {
		stderr.Step(line)
	}
	if len(draft.Left) > 0 {
		stderr.Warn("what could not be taken over, which is at the end of %s too:", configName)
		for _, line := range draft.Left {
			stderr.Warn("  %s", line)
		}
	}
	return nil
}

// create writes a file that is not there: whoever made one meanwhile keeps it.
func create(file string, text []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already, and is not overwritten", file)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(file))
	}
	return nil
}

// isThere tells whether something has that name, a link that leads nowhere included.
func isThere(dir, name string) bool {
	_, err := os.Lstat(filepath.Join(dir, name))
	return err == nil
}
