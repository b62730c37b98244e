package supervise

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"muster/internal/hint"
	"muster/internal/local"
	"muster/internal/proc"
)

// oldState is what an earlier muster wrote, as if in this folder and this boot.
func oldState(t *testing.T, dir local.Dir) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/state-2026-11-26.json")
	if err != nil {
		t.Fatal(err)
	}
	self, err := proc.Identify(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	return []byte(strings.NewReplacer("@FOLDER@", dir.Project(), "@BOOT@", self.Boot, "@NAMESPACE@", proc.PIDNamespace()).Replace(string(data)))
}

func TestTheStateOfAnEarlierVersionIsUnderstood(t *testing.T) {
	t.Parallel()
	dir := local.Of(t.TempDir())
	data := oldState(t, dir)
	if err := local.Write(dir.State(), data, 0o600); err != nil {
		t.Fatal(err)
	}
	st, err := loadState(dir)
	if err != nil {
		t.Fatal(err)
	}
	// No field that it has may have got another name, or another meaning.
	strict := json.NewDecoder(bytes.NewReader(data))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&savedState{}); err != nil {
		t.Error(err)
	}
	if len(st.Processes) != 5 || st.Supervisor.PID != 13570 || st.Config != filepath.Join(dir.Project(), "dev-config.yaml") {
		t.Fatalf("%+v", st)
	}
	p := st.Processes[0]
	if p.Process.Name != "api-0" || p.ID.PID != 13593 || p.ID.Start != 4868703 || p.State != Healthy || !p.Wanted ||
		p.Process.Port != 7871 || p.Process.Health.Path != "/" || p.Process.StopTimeout.String() != "3s" || p.Process.Log != dir.Log("api-0") {
		t.Errorf("%+v", p)
	}
	later := bytes.Replace(data, []byte(`"version": 1`), []byte(`"version": 2`), 1)
	if err := local.Write(dir.State(), later, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = loadState(dir)
	if err == nil || !strings.Contains(hint.Of(err), "the muster that started it") {
		t.Errorf("%v, hint %q", err, hint.Of(err))
	}
}
