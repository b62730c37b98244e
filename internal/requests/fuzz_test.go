package requests

import (
	"encoding/json"
	"testing"

	"muster/internal/fuzztest"
)

// FuzzTable tries that whoever asks for whatever, its line is read, and of a route that
// there is.
func FuzzTable(f *testing.F) {
	f.Add([]byte(`127.0.0.1 "GET /api/v1/broker/x?type=core HTTP/1.1" 502 15 0.412 127.0.0.1:8001, 127.0.0.1:8002`), "5xx")
	f.Add([]byte(`127.0.0.1 "GET /..%2f\x00//[::1 HTTP/1.1" 000 1 0 [::1]:9001`), "404")
	f.Add([]byte(`x "" 200 1 1`), "6")
	of := table(f)
	f.Fuzz(func(t *testing.T, line []byte, status string) {
		fuzztest.Bound(t)
		r, ok := of.Parse(line)
		if !ok {
			return
		}
		if _, err := json.Marshal(r); err != nil {
			t.Error(err)
		}
		if filter := (Filter{Status: status}); filter.Check() == nil {
			filter.Matches(r)
		}
	})
}
