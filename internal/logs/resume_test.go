package logs

import (
	"fmt"
	"os"
	"testing"
)

func TestAFileThatWasRotatedWhileNobodyFollowedItIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.add("a")
	f.write("a", "1\n")
	want := line("a", "1")
	f.wait(want)
	f.stop()
	w, err := os.OpenFile(f.path("a"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	fmt.Fprint(w, "2\nhal")
	if err := os.Rename(f.path("a"), Rotated(f.path("a"), 1)); err != nil {
		t.Fatal(err)
	}
	f.write("a", "3\n")
	f.start()
	f.add("a")
	want += line("a", "2") + line("a", "hal"+Mark) + line("a", "3")
	f.wait(want)
	// Its writer has it open still.
	fmt.Fprint(w, "f\n")
	want += line("a", Mark+"f")
	f.wait(want)
	f.write("a", "4\n")
	f.wait(want + line("a", "4"))
}

func TestAllThatWasRotatedWhileNobodyFollowedIsRead(t *testing.T) {
	t.Parallel()
	for rotations := 1; rotations <= 4; rotations++ {
		f := newFixture(t)
		f.add("a")
		f.write("a", "0\n")
		want := line("a", "0")
		f.wait(want)
		f.stop()
		f.write("a", "rest of 0\n")
		want += line("a", "rest of 0")
		for i := range rotations {
			if err := PutRotated(f.path("a"), f.path("a"), 9); err != nil {
				t.Fatal(err)
			}
			f.write("a", fmt.Sprintf("%d\n", i+1))
			want += line("a", fmt.Sprint(i+1))
		}
		f.start()
		f.add("a")
		f.wait(want)
		f.write("a", "on\n")
		f.wait(want + line("a", "on"))
		f.stop()
		f.start()
		f.add("a")
		f.write("a", "and on\n")
		f.wait(want + line("a", "on") + line("a", "and on"))
	}
}
