package scaffold

// WithoutDebian has no PostgreSQL found beside PATH.
func WithoutDebian() { debianPostgres = "/nothing" }
