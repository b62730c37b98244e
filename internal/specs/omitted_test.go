package specs

import (
	"slices"
	"testing"

	"muster/internal/clients"
)

func TestAnOmissionIsToldWhenItIsNew(t *testing.T) {
	t.Parallel()
	var said []string
	w := Watcher{Report: func(line string) { said = append(said, line) }}
	told := map[string]bool{}
	w.omitted(told, clients.Result{Omitted: []string{"a", "b"}})
	w.omitted(told, clients.Result{Omitted: []string{"b", "c"}})
	if !slices.Equal(said, []string{"a", "b", "c"}) {
		t.Errorf("said %q", said)
	}
}
