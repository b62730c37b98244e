package gateway_test

import (
	"fmt"
	"strings"
	"testing"
)

// status is the gateway's own count of its work (nginx.org:
// ngx_http_stub_status_module).
type status struct {
	Active   int64 // connections, waiting ones included
	Accepted int64
	Handled  int64
	Requests int64
	Reading  int64
	Writing  int64
	Waiting  int64
}

// parseStatus reads what /nginx-status answers. A build of nginx without
// stub_status answers 501 and an error instead.
func parseStatus(data []byte) (status, error) {
	var s status
	// One blank matches any run of them, and a line break only itself.
	text := strings.Join(strings.Fields(string(data)), " ")
	_, err := fmt.Sscanf(text, "Active connections: %d server accepts handled requests %d %d %d Reading: %d Writing: %d Waiting: %d",
		&s.Active, &s.Accepted, &s.Handled, &s.Requests, &s.Reading, &s.Writing, &s.Waiting)
	if err != nil {
		return status{}, fmt.Errorf("not an nginx status page: %w", err)
	}
	return s, nil
}

func FuzzParseStatus(f *testing.F) {
	f.Add("Active connections: 1 \nserver accepts handled requests\n 1 1 1 \nReading: 0 Writing: 1 Waiting: 0 \n")
	f.Fuzz(func(_ *testing.T, s string) { _, _ = parseStatus([]byte(s)) })
}
