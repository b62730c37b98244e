package console

import "testing"

func TestACommandIsWrittenAsItWasCalled(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args   []string
		byMake string
		text   string
		want   string
	}{
		{[]string{"muster"}, "", "backend:status tells more", "muster backend:status tells more"},
		{[]string{".local/bin/muster", "backend:stop", "-config=a b.yaml"}, "", "see dev:doctor -fix, or backend:start",
			"see .local/bin/muster dev:doctor -fix -config='a b.yaml', or .local/bin/muster backend:start -config='a b.yaml'"},
		{[]string{"/a b/muster"}, "", "nginx:install -update takes the newest", "'/a b/muster' nginx:install -update takes the newest"},
		{[]string{".local/bin/muster"}, "make -f project.mk", "backend:status tells more; dev:doctor -fix mends it",
			"make -f project.mk backend-manager-status tells more; .local/bin/muster dev:doctor -fix mends it"},
		{[]string{".local/bin/muster"}, "make", "dev:fullstack -multi, specs:generate -only=rest, specs:generate",
			"make dev-fullstack-multi, make generate-openapi-client, make generate-clients"},
		{[]string{"muster"}, "", "sudo /opt/m2 backend:stop -config=x", "sudo /opt/m2 backend:stop -config=x"},
		{[]string{"muster"}, "", "specs: {documents: [{server: api}]} and http://backend:8000 are none", "specs: {documents: [{server: api}]} and http://backend:8000 are none"},
	} {
		if got := newCall(c.args, c.byMake).inText(c.text); got != c.want {
			t.Errorf("called as %q, %q becomes\n%q, want\n%q", c.args, c.text, got, c.want)
		}
	}
}
