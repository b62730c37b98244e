package apidoc

import (
	"os"
	"testing"

	"muster/internal/apitest"
	"muster/internal/local"
)

// parse is a document written in a test.
func parse(t testing.TB, text string) Document {
	t.Helper()
	d, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// large is apitest.Large, parsed.
func large(t testing.TB, n int) Document { return parse(t, string(apitest.Large(n))) }

// write puts a file in place in one step, as editors and tools do: a file that
// is created and then filled is two changes where the machine is busy.
func write(t testing.TB, file, text string) {
	t.Helper()
	if err := local.Write(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
