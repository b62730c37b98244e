package install

import "testing"

func TestARangeMeansWhatNpmMeans(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		version, wish string
		want          bool
	}{
		{"0.8.55", "^0.8", true}, {"0.9.0", "^0.8", false}, {"1.28.2", "1.26 || 1.28", true}, {"1.27.0", "1.26 || 1.28", false},
		{"1.28.2", "1.26 - 1.28", true}, {"1.29.0", "1.26 - 1.28", false}, {"1.28.2", "", true}, {"1.28.2", "v1.28", true},
	} {
		r, err := parseRange(test.wish)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Match(test.version); got != test.want {
			t.Errorf("%s is in %q: %v", test.version, test.wish, got)
		}
	}
	for _, wish := range []string{"~", "latest", "1.28.2.1", ">=1.26, <1.29"} {
		if _, err := parseRange(wish); err == nil {
			t.Errorf("%q is a range", wish)
		}
	}
}

func TestAVersionIsNumbersAlone(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{"1.28.2": true, "1.28": true, "1.25.3.1": false, "1.28.2-rc1": false, "v1.28.2": false, "": false, "1.x": false} {
		if isVersion(s) != want {
			t.Errorf("%q is a version: %v", s, !want)
		}
	}
	for s, want := range map[string]bool{"1.28.2": true, "1.29.4": false, "1.9.15": false, "1.10.0": true} {
		if stable(s) != want {
			t.Errorf("%s is stable: %v", s, !want)
		}
	}
}
