package dashboard

import (
	"encoding/json"
	"testing"
)

func TestAPageThatJoinsGetsEachRequestOnce(t *testing.T) {
	t.Parallel()
	h, tr := newHub(nil), &traffic{servers: map[string]*live{}}
	h.end = func() {} // somebody looks already
	h.atJoin("requests", func() any { return tr.sent(shownRequests) })
	tr.add(request{ID: "sent"}, true)
	h.extend("rows", func() any { return tr.take() })
	tr.add(request{ID: "pending"}, true)
	p := &page{frames: make(chan []byte, backlog)}
	h.join(p)
	h.extend("rows", func() any { return tr.take() })
	close(p.frames)
	seen := map[string]int{}
	for f := range p.frames {
		var got struct {
			Requests []request
			Rows     rows
		}
		if err := json.Unmarshal(f, &got); err != nil {
			t.Fatal(err)
		}
		for _, r := range append(got.Requests, got.Rows.Rows...) {
			seen[r.ID]++
		}
	}
	if len(seen) != 2 || seen["sent"] != 1 || seen["pending"] != 1 {
		t.Errorf("seen: %v", seen)
	}
}
