package config

import (
	"reflect"
	"testing"
)

func roundTrip(t *testing.T, name string, data []byte) {
	t.Helper()
	c, err := Parse(name, data)
	if err != nil {
		t.Fatal(err)
	}
	shown, err := c.YAML()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse(name, shown)
	if err != nil {
		t.Fatalf("what was shown does not load: %v\n%s", err, shown)
	}
	if !reflect.DeepEqual(c, again) {
		t.Fatalf("what was shown loads as something else\n got %+v\nwant %+v\n%s", again, c, shown)
	}
}

func TestShow(t *testing.T) {
	roundTrip(t, "dev-config.yaml", []byte(sample))
	c, _ := Parse("dev-config.yaml", []byte(sample))
	b, _ := c.YAML()
	t.Logf("%s", b)
}
