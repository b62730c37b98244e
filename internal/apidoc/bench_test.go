package apidoc

import (
	"path/filepath"
	"testing"

	"muster/internal/apitest"
)

func BenchmarkDiff300Paths(b *testing.B) {
	old, new := large(b, 300), large(b, 300)
	delete(Object(new.Root, "components", "schemas", "Item7", "properties"), "name")
	for b.Loop() {
		if len(Diff(old, new)) == 0 {
			b.Fatal("no difference")
		}
	}
}

func BenchmarkOutline320KB(b *testing.B) {
	dir := b.TempDir()
	data := apitest.Large(480)
	write(b, filepath.Join(dir, "a", "openapi.json"), string(data))
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if all := Outlines(dir); len(all) != 1 || len(all[0].REST.Paths()) != 480 {
			b.Fatal("not every path")
		}
	}
}
