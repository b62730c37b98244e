package stack

import "muster/internal/plan"

// Entry is the URL that a plan is reached at.
func Entry(p *plan.Plan) string {
	url := ""
	for _, proc := range p.Processes {
		if proc.Kind == plan.Gateway || url == "" {
			url = proc.URL
		}
	}
	return url
}

// Links is where everything of a plan that runs is, by name.
func (st *Stack) Links(p *plan.Plan) (rows [][2]string) {
	if st.cfg.Frontend != nil && st.multi {
		rows = append(rows, [2]string{"page", Entry(p)})
	}
	for _, proc := range p.Processes {
		if proc.URL != "" && (proc.Kind != plan.Gateway || st.cfg.Frontend == nil) {
			rows = append(rows, [2]string{proc.Name, proc.URL})
		}
	}
	return append(rows, [2]string{"docs", Entry(p) + st.cfg.APIBaseURL + "/docs"}, [2]string{"log", st.client.Local.Unified()})
}
