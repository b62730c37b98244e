package apidoc

import "testing"

func BenchmarkDiff300Paths(b *testing.B) {
	old, new := large(b, 300), large(b, 300)
	delete(Object(new.Root, "components", "schemas", "Item7", "properties"), "name")
	for b.Loop() {
		if len(Diff(old, new)) == 0 {
			b.Fatal("no difference")
		}
	}
}
