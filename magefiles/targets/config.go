package targets

import (
	"os"

	"github.com/magefile/mage/mg"
)

// Config checks and shows the configuration.
type Config mg.Namespace

// Validate reports every mistake in the configuration, each with its line.
func (Config) Validate(config *string) error {
	return withProject(config, func(p project) error {
		stdout.Done("%s is valid", p.cfg.File)
		return nil
	})
}

// Show prints the configuration with every default filled in.
func (Config) Show(config *string) error {
	return withProject(config, func(p project) error {
		text, err := p.cfg.YAML()
		if err == nil {
			_, err = os.Stdout.Write(text)
		}
		return err
	})
}
