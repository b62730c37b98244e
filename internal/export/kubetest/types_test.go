package kubetest

import (
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	compose "github.com/compose-spec/compose-go/v2/types"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"

	"muster/internal/export"
)

// TestComposeTakesIt loads every export as Compose itself does: a key that it does not
// know is an error.
func TestComposeTakesIt(t *testing.T) {
	for name, s := range Sources(t, repository) {
		t.Run(name, func(t *testing.T) {
			p := composed(t, s)
			for _, m := range s.Config.Processes() {
				v, err := p.GetService(m.Name)
				if err != nil {
					t.Fatal(err)
				}
				if got := v.GetScale(); got != m.Instances {
					t.Errorf("%s: %d of it, want %d", m.Name, got, m.Instances)
				}
			}
		})
	}
}

func composed(t *testing.T, s export.Source) *compose.Project {
	t.Helper()
	text, _, err := export.Compose(s, export.Options{Images: "registry.example/test"})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "never-to-be-written") {
		t.Errorf("a secret is written:\n%s", text)
	}
	p, err := loader.LoadWithContext(t.Context(), compose.ConfigDetails{
		WorkingDir: s.Config.Dir, ConfigFiles: []compose.ConfigFile{{Filename: "compose.yaml", Content: text}},
		Environment: compose.Mapping{"DB_PASSWORD": "p'w", "TOKEN": "t", "BUILD_TOKEN": "b", "REGION": "us", "SHELL_VARIABLE": "s"},
	}, func(o *loader.Options) {
		o.SetProjectName("test", true)
		o.Profiles = []string{"*"}
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return p
}

// TestComposeReadsWhatIsMeant has the texts in which Compose could find something else.
func TestComposeReadsWhatIsMeant(t *testing.T) {
	p := composed(t, Sources(t, repository)["everything"])
	api, migrate := p.Services["api"], p.Services["migrate"]
	for name, want := range map[string]string{
		"DATABASE_URL": "postgres://shop:p'w@db_1:5432/shop", "PASSWORD": "p'w", "REGION": "us", "COST": "5$ or $(five) $HOME", "LINES": "one\ntwo",
		"API_KEY": "never-to-be-written", // of its file, which Compose reads
	} {
		if got := api.Environment[name]; got == nil || *got != want {
			t.Errorf("%s is %v, want %q", name, got, want)
		}
	}
	if got := migrate.Command[len(migrate.Command)-4]; got != `it's "$x"` {
		t.Errorf("a word of a command is %q", got)
	}
	if c := api.DependsOn["migrate"]; c.Condition != compose.ServiceConditionCompletedSuccessfully {
		t.Errorf("api waits for migrate: %+v", c)
	}
	if conf := p.Configs["nginx.conf"].Content; !strings.Contains(conf, "server api:8001 max_fails=10 fail_timeout=2s resolve;") || strings.Contains(conf, "$$") {
		t.Errorf("nginx.conf is\n%s", conf)
	}
}

// TestKubernetesTypesTakeIt decodes every object into its official type: a field that
// this does not know is an error.
func TestKubernetesTypesTakeIt(t *testing.T) {
	for name, s := range Sources(t, repository) {
		t.Run(name, func(t *testing.T) {
			for _, f := range Manifests(t, s) {
				decode(t, f)
			}
		})
	}
}

// decode is the object of a file; nil is the list of all.
func decode(t *testing.T, f export.File) any {
	t.Helper()
	var kind struct{ APIVersion, Kind string }
	if err := yaml.Unmarshal(f.Data, &kind); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(f.Data), "never-to-be-written") {
		t.Errorf("%s has a secret:\n%s", f.Name, f.Data)
	}
	types := map[string]any{
		"apps/v1 Deployment": &appsv1.Deployment{}, "batch/v1 Job": &batchv1.Job{}, "v1 ConfigMap": &corev1.ConfigMap{},
		"v1 Service": &corev1.Service{}, "v1 ServiceAccount": &corev1.ServiceAccount{},
		"rbac.authorization.k8s.io/v1 Role": &rbacv1.Role{}, "rbac.authorization.k8s.io/v1 RoleBinding": &rbacv1.RoleBinding{},
		"gateway.networking.k8s.io/v1 Gateway": &gatewayv1.Gateway{}, "gateway.networking.k8s.io/v1 HTTPRoute": &gatewayv1.HTTPRoute{},
	}
	if f.Name == export.KustomizationName {
		return nil
	}
	object := types[kind.APIVersion+" "+kind.Kind]
	if object == nil {
		t.Fatalf("%s is a %s %s", f.Name, kind.APIVersion, kind.Kind)
	}
	if err := yaml.UnmarshalStrict(f.Data, object); err != nil {
		t.Errorf("%s: %v\n%s", f.Name, err, f.Data)
	}
	return object
}
