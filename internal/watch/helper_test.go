package watch

import (
	"testing"
	"time"

	"muster/internal/local"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// notify keeps its own goroutines for as long as the program runs.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/rjeczalik/notify.(*nonrecursiveTree).dispatch"),
		goleak.IgnoreTopFunction("github.com/rjeczalik/notify.(*nonrecursiveTree).internal"),
		goleak.IgnoreTopFunction("github.com/rjeczalik/notify.(*inotify).send"),
		goleak.IgnoreTopFunction("golang.org/x/sys/unix.EpollWait"),
		goleak.IgnoreAnyFunction("github.com/rjeczalik/notify.(*inotify).loop"))
}

// write puts a file in place in one step, as editors and tools do: a file that
// is created and then filled is two changes where the machine is busy.
func write(t testing.TB, file, text string) {
	t.Helper()
	if err := local.Write(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// eventually polls until ok, and fails after a minute: a wait that ends there
// is taken for one without an end.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not in time: %s", what)
		}
	}
}
