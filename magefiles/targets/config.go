package targets

import (
	"os"

	"github.com/magefile/mage/mg"

	"muster/internal/console"
)

// Config checks and shows the configuration.
type Config mg.Namespace

// Validate reports every mistake in the configuration, each with its line.
func (Config) Validate(config *string) error {
	cfg, err := loadConfig(config)
	if err != nil {
		return console.Exit(err)
	}
	stdout.Done("%s is valid", cfg.File)
	return nil
}

// Show prints the configuration with every default filled in.
func (Config) Show(config *string) error {
	cfg, err := loadConfig(config)
	if err != nil {
		return console.Exit(err)
	}
	text, err := cfg.YAML()
	if err != nil {
		return console.Exit(err)
	}
	_, err = os.Stdout.Write(text)
	return console.Exit(err)
}
