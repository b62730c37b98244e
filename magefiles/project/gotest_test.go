package project

import (
	"slices"
	"strings"
	"testing"
)

func TestWhatTestsSayIsShownWhenTheyFailAndCountedWhenTheyAreLeftOut(t *testing.T) {
	t.Parallel()
	var shown strings.Builder
	leftOut, err := readTests(strings.NewReader(`
{"Action":"run","Package":"a","Test":"TestGood"}
{"Action":"output","Package":"a","Test":"TestGood","Output":"=== RUN   TestGood\n"}
{"Action":"output","Package":"a","Test":"TestGood","Output":"    a_test.go:1: nobody wants to see this\n"}
{"Action":"pass","Package":"a","Test":"TestGood"}
{"Action":"output","Package":"a","Test":"TestBad","Output":"    a_test.go:2: it is wrong\n"}
{"Action":"fail","Package":"a","Test":"TestBad"}
{"Action":"output","Package":"a","Test":"TestSkipped","Output":"=== RUN   TestSkipped\n"}
{"Action":"output","Package":"a","Test":"TestSkipped","Output":"    cmd.go:380: no chromium\n"}
{"Action":"output","Package":"a","Test":"TestSkipped","Output":"    testscript.go:609: WORK=$WORK\n"}
{"Action":"skip","Package":"a","Test":"TestSkipped"}
{"Action":"output","Package":"a","Output":"FAIL\ta\t0.1s\n"}
{"Action":"output","Package":"b","Output":"PASS\n"}
{"Action":"output","Package":"b","Output":"ok  \tb\t0.1s\n"}
`), &shown)
	if err != nil {
		t.Fatal(err)
	}
	if want := "    a_test.go:2: it is wrong\nFAIL\ta\t0.1s\nok  \tb\t0.1s\n"; shown.String() != want {
		t.Errorf("shown:\n%s\nwant:\n%s", shown.String(), want)
	}
	if want := []string{"TestSkipped of a: no chromium"}; !slices.Equal(leftOut, want) {
		t.Errorf("left out: %q, want %q", leftOut, want)
	}
	if _, err := readTests(strings.NewReader(`{"Action":`), &shown); err == nil {
		t.Error("half an output passes")
	}
}
