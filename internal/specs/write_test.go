package specs

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"muster/internal/config"
)

func TestAFileIsOwnUntilSomebodyElseChangesIt(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "sub", "a.py")
	var own Own
	is := func(want bool, what string) {
		t.Helper()
		if own.Made(file) != want {
			t.Errorf("%s: own is %v", what, !want)
		}
	}
	is(false, "a file that nobody wrote")
	for i, want := range []bool{true, false} {
		if wrote, err := own.put(file, []byte("1")); err != nil || wrote != want {
			t.Fatalf("write %d: %v (%v)", i, wrote, err)
		}
	}
	is(true, "a file that was written")
	if st, err := os.Stat(file); err != nil || st.Mode().Perm() != 0o644 {
		t.Errorf("its mode is %v (%v)", st.Mode(), err)
	}
	write(t, file, "2")
	is(false, "a file that was written over")
	if err := own.remove(file); err != nil {
		t.Fatal(err)
	}
	is(true, "a file that was removed")
	if _, err := os.Stat(filepath.Dir(file)); err == nil {
		t.Error("the empty folder stayed")
	}
	write(t, file, "3")
	is(false, "a file that came back")
}

func TestAWriteThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "a.py")
	if err := os.MkdirAll(filepath.Join(file, "in the way"), 0o755); err != nil {
		t.Fatal(err)
	}
	if wrote, err := new(Own).put(file, []byte("1")); err == nil || wrote {
		t.Error("a folder was written over")
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("there are %v (%v)", entries, err)
	}
}

func TestOnlyWhatWasGeneratedIsRemoved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"rest-gone/api.gen.ts":     "",
		"rest-gone/own.ts":         "// mine\n",
		"rest-kept/api.gen.ts":     "",
		"ws-gone/index.ts":         tsHeader,
		"elsewhere/api.gen.ts":     "",
		"rest-gone/old/api.gen.ts": "",
	} {
		write(t, filepath.Join(dir, filepath.FromSlash(name)), text)
	}
	kept := moduleDocs{Name: "kept", REST: Document{Kind: OpenAPI}}
	for _, c := range []struct {
		name, rest, ws string
		only           []Clients
		want           []string
	}{
		{"all", "rest-", "ws-", nil, []string{"rest-gone/api.gen.ts", "rest-gone/old/api.gen.ts", "ws-gone/index.ts"}},
		{"of one half", "rest-", "ws-", []Clients{SocketClients}, []string{"ws-gone/index.ts"}},
		{"of the other", "rest-", "ws-", []Clients{RESTClients}, []string{"rest-gone/api.gen.ts", "rest-gone/old/api.gen.ts"}},
		{"without a prefix", "", "ws-", nil, []string{"ws-gone/index.ts"}},
	} {
		cfg := &config.Config{Dir: dir}
		cfg.Specs.TypeScript = []config.TypeScriptClients{{Dir: dir, RESTPrefix: c.rest, WSPrefix: c.ws}}
		var got []string
		for _, change := range staleTypeScript(cfg, []moduleDocs{kept}, &Options{Only: c.only, TypeScript: NewTypeScript(cfg)}) {
			name, err := filepath.Rel(dir, change.File)
			if err != nil || change.New != nil {
				t.Errorf("%s: %v %q (%v)", c.name, change.File, change.New, err)
			}
			got = append(got, filepath.ToSlash(name))
		}
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: removes %v, want %v", c.name, got, c.want)
		}
	}
}

func TestALoopIsARunForWhatTheRunBeforeDid(t *testing.T) {
	t.Parallel()
	began := time.Now()
	file := filepath.Join(t.TempDir(), "a.py")
	write(t, file, "1")
	for name, c := range map[string]struct {
		changed, told time.Duration // after the end of the run before
		loops         bool
	}{
		"changed by the run":               {-time.Millisecond, 0, true},
		"changed just after the run":       {quiet, quiet, true},
		"changed by the run and told late": {-time.Millisecond, delivery, true},
		"saved again later":                {quiet + time.Millisecond, delivery, false},
		"saved where the clock is behind":  {-time.Hour, delivery + time.Millisecond, false},
		"saved where the clock is ahead":   {time.Hour, quiet, true},
	} {
		var e echoes
		ended, loops := began, false
		for range 3 * loop {
			at := ended.Add(c.changed)
			if err := os.Chtimes(file, at, at); err != nil {
				t.Fatal(err)
			}
			loops = e.run([]string{file}, ended.Add(c.told)) || loops
			ended = ended.Add(time.Minute)
			e.ended = ended
		}
		if loops != c.loops {
			t.Errorf("%s: a loop is %v", name, loops)
		}
	}
}
