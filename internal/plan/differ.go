package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Difference is what a process of one plan has other than in another plan.
type Difference struct {
	Process string   `json:"process"`
	What    []string `json:"what" jsonschema:"keys, and names of variables; no value, which may be secret"`
}

// String gives PROCESS (what, what).
func (d Difference) String() string {
	const most = 6
	what := d.What
	if len(what) > most {
		what = append(slices.Clone(what[:most]), fmt.Sprintf("%d more", len(what)-most))
	}
	return d.Process + " (" + strings.Join(what, ", ") + ")"
}

// Differences are the processes that are not the same in both plans, or in one
// alone. Plans of different modes are not compared: those that have no server in
// common, and one with watchers, which keep it in line by themselves, with one
// that has none.
// A process of which next does not know the shell has that of before.
func Differences(before, next []Process) []Difference {
	named := func(list []Process, name string) int {
		return slices.IndexFunc(list, func(p Process) bool { return p.Name == name })
	}
	watched := func(list []Process) bool {
		return slices.ContainsFunc(list, func(p Process) bool { return p.Kind == Watcher })
	}
	shared := slices.ContainsFunc(next, func(p Process) bool { return p.Kind == Server && named(before, p.Name) >= 0 })
	if !shared || watched(before) && !watched(next) {
		return nil
	}
	var all []Difference
	for _, p := range next {
		i := named(before, p.Name)
		if i < 0 {
			all = append(all, Difference{p.Name, []string{"new"}})
		} else if what := differs(before[i], p); len(what) > 0 {
			all = append(all, Difference{p.Name, what})
		}
	}
	for _, p := range before {
		if p.Kind == Server && !p.Spare && named(next, p.Name) < 0 {
			all = append(all, Difference{p.Name, []string{"gone"}})
		}
	}
	return all
}

func differs(a, b Process) (what []string) {
	names := changedKeys(variables(a.Env), variables(b.Env))
	if b.Shell != nil {
		names = append(names, shellChanges(a.Shell, b.Shell)...)
	}
	slices.Sort(names)
	what = slices.Compact(names)
	if len(what) == 0 && !slices.Equal(a.Env, b.Env) {
		what = append(what, "env")
	}
	va, vb := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range va.NumField() {
		field := va.Type().Field(i)
		ofOthers := field.Name == "StopRank" // who depends on it: the plan as a whole
		if field.Name == "Env" || field.Name == "Shell" || ofOthers || same(va.Field(i).Interface(), vb.Field(i).Interface()) {
			continue
		}
		key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Name == "Args" || field.Name == "Exe" {
			key = "command"
		}
		if !slices.Contains(what, key) {
			what = append(what, key)
		}
	}
	return what
}

func variables(env []string) map[string]string {
	all := map[string]string{}
	for _, kv := range env {
		name, value, _ := strings.Cut(kv, "=")
		all[name] = value
	}
	return all
}

// changedKeys are those that only one map has, or with another value.
func changedKeys(a, b map[string]string) []string {
	var changed []string
	for k := range maps.Keys(a) {
		if v, ok := b[k]; !ok || v != a[k] {
			changed = append(changed, k)
		}
	}
	for k := range maps.Keys(b) {
		if _, ok := a[k]; !ok {
			changed = append(changed, k)
		}
	}
	return changed
}

// same compares as what is kept on disk is: there, an empty list is none.
func same(a, b any) bool {
	x, err := json.Marshal(a)
	y, e := json.Marshal(b)
	return err == nil && e == nil && (bytes.Equal(x, y) || empty(x) && empty(y))
}

func empty(text []byte) bool { return slices.Contains([]string{"null", "[]"}, string(text)) }
