package dashboard

import "muster/internal/hint"

// trouble is an error, as the page shows it.
type trouble struct {
	Error string `json:"error"`
	Hint  string `json:"hint,omitempty"`
}

func troubleOf(err error) trouble { return trouble{err.Error(), hint.Of(err)} }
