package targets

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/magefile/mage/mg"

	muster "muster/internal/config"
	"muster/internal/console"
	"muster/internal/export"
	"muster/internal/hint"
	"muster/internal/local"
	"muster/internal/printable"
)

// Export writes what runs the same stack elsewhere. It runs, builds and deploys nothing.
type Export mg.Namespace

// Compose writes a file of Compose: a service for each process, tasks that run to
// success, and nginx with the same routes.
//
// -output=FILE writes it there, and not to standard output. -image=PREFIX gives a
// process without image and build the image PREFIX/NAME. What Compose cannot say is told
// with its line.
func (Export) Compose(config, output, image *string) error {
	return exported(config, func(s export.Source) error {
		file, err := outputFile(output)
		if err != nil {
			return err
		}
		o := export.Options{Images: console.Or(image, "")}
		if file != "" {
			o.Dir = filepath.Dir(file)
		}
		text, notes, err := export.Compose(s, o)
		return deliver(file, text, notes, err)
	})
}

// Procfile writes a Procfile, a line for each instance.
//
// -output=FILE writes it there, and not to standard output; -profile=NAME has what is in
// that profile, too. What a Procfile cannot say is told with its line.
func (Export) Procfile(config, output, profile *string) error {
	return exported(config, func(s export.Source) error {
		file, err := outputFile(output)
		if err != nil {
			return err
		}
		o := export.Options{}
		if file != "" {
			o.Dir = filepath.Dir(file)
		}
		useProfiles(profile)
		if s.Profiles, err = activeProfiles(s.Config); err != nil {
			return err
		}
		text, notes, err := export.Procfile(s, o)
		return deliver(file, text, notes, err)
	})
}

// Kubernetes writes manifests, one file an object, with the routes for Gateway API.
//
// -output=FOLDER is where they lie: what is there under the same names is replaced, and
// `kubectl apply -k FOLDER` takes them. -image=PREFIX gives a process without image
// PREFIX/NAME, -class=NAME is the GatewayClass, -namespace=NAME that of all objects.
// -profile=NAME has what is in that profile, too.
func (Export) Kubernetes(config, output, image, class, namespace, profile *string) error {
	return exported(config, func(s export.Source) error {
		if output == nil {
			return usageError("a folder for the manifests is missing: -output=FOLDER")
		}
		dir, err := filepath.Abs(*output)
		if err != nil {
			return err
		}
		useProfiles(profile)
		if s.Profiles, err = activeProfiles(s.Config); err != nil {
			return err
		}
		files, notes, err := export.Kubernetes(s, export.Options{Images: console.Or(image, ""), Dir: s.Config.Dir,
			Class: console.Or(class, ""), Namespace: console.Or(namespace, "")})
		if err != nil {
			return configError{err}
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		for _, f := range files {
			if err := local.Write(filepath.Join(dir, f.Name), f.Data, 0o644); err != nil {
				return err
			}
		}
		tell(notes)
		stderr.Done("wrote %d files to %s: kubectl apply -k %s", len(files), dir, hint.Word(*output))
		return stale(dir, files)
	})
}

// stale names manifests of an earlier export that this one has no more.
func stale(dir string, files []export.File) error {
	there, err := filepath.Glob(filepath.Join(escapeGlob(dir), "*.yaml"))
	if err != nil {
		return err
	}
	for _, path := range there {
		known := false
		for _, f := range files {
			known = known || f.Name == filepath.Base(path)
		}
		if !known {
			stderr.Warn("%s is of no object of this export: remove it, and what it made, if it is of an earlier one", path)
		}
	}
	return nil
}

func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}

// exported does the work of an export, which needs the file as it is written.
func exported(arg *string, work func(export.Source) error) error {
	return console.Exit(func() error {
		file, err := configFile(arg)
		if err != nil {
			return err
		}
		cfg, keys, err := muster.Source(file)
		if err != nil {
			return configError{err}
		}
		return work(export.Source{Name: file, Config: cfg, Keys: keys})
	}())
}

// outputFile is the absolute path of -output; "" is standard output.
func outputFile(output *string) (string, error) {
	if output == nil || *output == "-" {
		return "", nil
	}
	return filepath.Abs(*output)
}

// deliver writes an export that is one text, and tells what became of the rest.
func deliver(file string, text []byte, notes []export.Note, err error) error {
	if err != nil {
		return configError{err}
	}
	if file == "" {
		_, err = os.Stdout.Write(text)
	} else if err = local.Write(file, text, 0o644); err == nil {
		stderr.Done("wrote %s", file)
	}
	tell(notes)
	return err
}

func tell(notes []export.Note) {
	for _, n := range notes {
		fmt.Fprintln(os.Stderr, printable.Line(n.String()))
	}
}
