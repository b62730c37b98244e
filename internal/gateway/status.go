package gateway

import (
	"fmt"
	"strings"
)

// Status is the gateway's own count of its work (nginx.org:
// ngx_http_stub_status_module).
type Status struct {
	Active   int64 `json:"active"` // connections, waiting ones included
	Accepted int64 `json:"accepted"`
	Handled  int64 `json:"handled"`
	Requests int64 `json:"requests"`
	Reading  int64 `json:"reading"`
	Writing  int64 `json:"writing"`
	Waiting  int64 `json:"waiting"`
}

// ParseStatus reads what /nginx-status answers. A build of nginx without
// stub_status answers 501 and an error instead.
func ParseStatus(data []byte) (Status, error) {
	var s Status
	// One blank matches any run of them, and a line break only itself.
	text := strings.Join(strings.Fields(string(data)), " ")
	_, err := fmt.Sscanf(text, "Active connections: %d server accepts handled requests %d %d %d Reading: %d Writing: %d Waiting: %d",
		&s.Active, &s.Accepted, &s.Handled, &s.Requests, &s.Reading, &s.Writing, &s.Waiting)
	if err != nil {
		return Status{}, fmt.Errorf("not an nginx status page: %w", err)
	}
	return s, nil
}
