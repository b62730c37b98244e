package gateway

import "testing"

func FuzzParseComplaint(f *testing.F) {
	f.Add("nginx: [emerg] unknown directive \"x\" in /a b/nginx.conf:12")
	f.Fuzz(func(_ *testing.T, s string) { parseComplaint(s) })
}
