package workspace

import (
	"os"
	"path/filepath"
	"testing"
)

func TestManagerAndRoot(t *testing.T) {
	t.Parallel()
	const pnpm, members = "packages: [apps/*, '!apps/old', libs/**]", `{"workspaces": ["apps/*"]}`
	for name, test := range map[string]struct {
		files               map[string]string
		dir                 string
		manager, root, lock string
	}{
		"nothing":              {nil, "web", NPM, "web", ""},
		"npm's lock":           {map[string]string{"web/package-lock.json": ""}, "web", NPM, "web", "web/package-lock.json"},
		"npm's other lock":     {map[string]string{"web/npm-shrinkwrap.json": ""}, "web", NPM, "web", "web/npm-shrinkwrap.json"},
		"pnpm's lock":          {map[string]string{"web/pnpm-lock.yaml": ""}, "web", PNPM, "web", "web/pnpm-lock.yaml"},
		"yarn's lock":          {map[string]string{"web/yarn.lock": ""}, "web", Yarn, "web", "web/yarn.lock"},
		"bun's lock":           {map[string]string{"web/bun.lock": ""}, "web", Bun, "web", "web/bun.lock"},
		"bun's binary lock":    {map[string]string{"web/bun.lockb": ""}, "web", Bun, "web", "web/bun.lockb"},
		"said":                 {map[string]string{"web/package.json": `{"packageManager": "yarn@4.1.0+sha512.abc"}`, "web/package-lock.json": ""}, "web", Yarn, "web", ""},
		"said to npm":          {map[string]string{"web/package.json": `{"devEngines": {"packageManager": {"name": "bun"}}}`}, "web", Bun, "web", ""},
		"said, and unknown":    {map[string]string{"web/package.json": `{"packageManager": "deno@2"}`, "web/yarn.lock": ""}, "web", Yarn, "web", "web/yarn.lock"},
		"a member of pnpm's":   {map[string]string{"pnpm-workspace.yaml": pnpm, "pnpm-lock.yaml": ""}, "apps/web", PNPM, ".", "pnpm-lock.yaml"},
		"deep in pnpm's":       {map[string]string{"pnpm-workspace.yaml": pnpm, "pnpm-lock.yaml": ""}, "libs/a/b", PNPM, ".", "pnpm-lock.yaml"},
		"no member of pnpm's":  {map[string]string{"pnpm-workspace.yaml": pnpm, "pnpm-lock.yaml": ""}, "apps/old", PNPM, "apps/old", ""},
		"without a lock":       {map[string]string{"pnpm-workspace.yaml": pnpm}, "apps/web", PNPM, ".", ""},
		"a member of bun's":    {map[string]string{"package.json": members, "bun.lock": ""}, "apps/web", Bun, ".", "bun.lock"},
		"yarn's long form":     {map[string]string{"package.json": `{"workspaces": {"packages": ["./apps/*"]}}`, "yarn.lock": ""}, "apps/web", Yarn, ".", "yarn.lock"},
		"a lock of its own":    {map[string]string{"package.json": members, "bun.lock": "", "apps/web/yarn.lock": ""}, "apps/web", Yarn, "apps/web", "apps/web/yarn.lock"},
		"beside the workspace": {map[string]string{"package.json": members, "yarn.lock": ""}, "web", Yarn, "web", ""},
		"said at the root":     {map[string]string{"package.json": `{"packageManager": "pnpm@9.0.0"}`}, "web", PNPM, "web", ""},
		"another repository":   {map[string]string{"package.json": members, "yarn.lock": "", "apps/web/.git": ""}, "apps/web", NPM, "apps/web", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			top := t.TempDir()
			for file, text := range test.files {
				file = filepath.Join(top, file)
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			n := OfNode(filepath.Join(top, test.dir), top)
			lock := test.lock
			if lock != "" {
				lock = filepath.Join(top, lock)
			}
			if n.Manager != test.manager || n.Root != filepath.Join(top, test.root) || n.Lock != lock {
				t.Errorf("got %+v", n)
			}
		})
	}
}

func TestWithoutARepositoryNothingAboveIsLookedAt(t *testing.T) {
	t.Parallel()
	above := t.TempDir()
	if err := os.WriteFile(filepath.Join(above, "pnpm-workspace.yaml"), []byte("packages: ['**']"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, top := range []string{"", filepath.Join(above, "a"), "/elsewhere"} {
		if n := OfNode(filepath.Join(above, "a", "web"), top); n.Manager != NPM || n.Root != filepath.Join(above, "a", "web") {
			t.Errorf("below %s: %+v", top, n)
		}
	}
	if err := os.Mkdir(filepath.Join(above, ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	if n := OfNode(filepath.Join(above, "a", "web"), ""); n.Manager != PNPM || n.Root != above {
		t.Errorf("in a repository: %+v", n)
	}
}
