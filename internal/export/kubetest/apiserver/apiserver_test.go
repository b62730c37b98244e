// Package apiserver has a real API server of Kubernetes take what is exported: it knows
// what the types alone do not, such as which values a field may have, and what the rules
// of Gateway API's own objects are.
package apiserver

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"go.etcd.io/etcd/server/v3/embed"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	"k8s.io/kubernetes/cmd/kube-apiserver/app/options"
	"sigs.k8s.io/yaml"

	"muster/internal/export"
	"muster/internal/export/kubetest"
)

const repository = "../../../.."

// longest is how long a step of the start may take on a busy machine.
const longest = 2 * time.Minute

func TestTheAPIServerTakesEveryObject(t *testing.T) {
	c := start(t)
	for _, f := range gatewayAPI(t) {
		c.apply(t, f, "")
	}
	c.waitFor(t, schema.GroupKind{Group: "gateway.networking.k8s.io", Kind: "HTTPRoute"})
	c.waitFor(t, schema.GroupKind{Group: "gateway.networking.k8s.io", Kind: "Gateway"})
	n, applied := 0, 0
	for name, s := range kubetest.Sources(t, repository) {
		n++
		namespace := fmt.Sprintf("test-%d", n)
		c.apply(t, []byte("apiVersion: v1\nkind: Namespace\nmetadata: {name: "+namespace+"}\n"), "")
		t.Run(name, func(t *testing.T) {
			files, _, err := export.Kubernetes(s, export.Options{Images: "registry.example/test", Namespace: namespace})
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				if f.Name == export.KustomizationName {
					continue
				}
				first := c.apply(t, f.Data, f.Name)
				again := c.apply(t, f.Data, f.Name)
				// The definition of a Gateway has a default for its status, which a create
				// leaves out and the next write fills in: after that nothing changes.
				if again.GetKind() == "Gateway" && first.GetGeneration() == again.GetGeneration() {
					first, again = again, c.apply(t, f.Data, f.Name)
				}
				if first.GetResourceVersion() != again.GetResourceVersion() {
					t.Errorf("%s: a second apply changes it", f.Name)
				}
				applied++
			}
		})
	}
	if applied < 100 {
		t.Errorf("only %d objects were applied", applied)
	}
	for name, wrong := range map[string]string{
		"unknown field": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x, namespace: default}\nspec: {replica: 1}\n",
		"no such type of path": "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: x, namespace: default}\n" +
			"spec: {rules: [{matches: [{path: {type: Begins, value: /}}]}]}\n",
		"two prefixes to replace": "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: x, namespace: default}\n" +
			"spec: {rules: [{matches: [{path: {type: PathPrefix, value: /a}}, {path: {type: PathPrefix, value: /b}}], " +
			"filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}]}]}\n",
	} {
		if _, err := c.try(t.Context(), []byte(wrong)); err == nil {
			t.Errorf("the API server takes an object with %s", name)
		}
	}
}

// cluster is an API server without anything that runs what it knows.
type cluster struct {
	objects dynamic.Interface
	mapper  *restmapper.DeferredDiscoveryRESTMapper
}

// start runs the API server over an etcd, both in this process.
func start(t *testing.T) *cluster {
	t.Helper()
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	etcd := startEtcd(t, dir)
	port := freePort(t)
	key := filepath.Join(dir, "account.key")
	writeKey(t, key)
	tokens := filepath.Join(dir, "tokens.csv")
	if err := os.WriteFile(tokens, []byte("token,admin,admin,system:masters\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := options.NewServerRunOptions()
	flags := pflag.NewFlagSet("kube-apiserver", pflag.ContinueOnError)
	for _, f := range s.Flags().FlagSets {
		flags.AddFlagSet(f)
	}
	err := flags.Parse([]string{
		"--etcd-servers=" + etcd, "--bind-address=127.0.0.1", fmt.Sprint("--secure-port=", port), "--cert-dir=" + dir,
		"--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file=" + key, "--service-account-signing-key-file=" + key,
		"--token-auth-file=" + tokens, "--authorization-mode=RBAC", "--service-cluster-ip-range=10.0.0.0/24",
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.GenericServerRunOptions.ComponentGlobalsRegistry.Set(); err != nil {
		t.Fatal(err)
	}
	completed, err := s.Complete(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if errs := completed.Validate(); len(errs) > 0 {
		t.Fatal(errors.Join(errs...))
	}
	ended := make(chan error, 1)
	go func() { ended <- app.Run(ctx, completed) }()
	t.Cleanup(func() {
		cancel()
		select {
		case <-ended:
		case <-time.After(longest):
			t.Error("the API server does not end")
		}
	})
	config := &rest.Config{Host: fmt.Sprint("https://127.0.0.1:", port), BearerToken: "token", QPS: -1,
		TLSClientConfig: rest.TLSClientConfig{CAFile: filepath.Join(dir, "apiserver.crt")}}
	await(t, "the API server", func() error {
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("the API server ended: %v", err)
		default:
		}
		client, err := discovery.NewDiscoveryClientForConfig(config)
		if err != nil {
			return err
		}
		_, err = client.RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		return err
	})
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return &cluster{objects, restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(client))}
}

func startEtcd(t *testing.T, dir string) (address string) {
	t.Helper()
	cfg := embed.NewConfig()
	cfg.Dir, cfg.LogLevel, cfg.UnsafeNoFsync = filepath.Join(dir, "etcd"), "error", true
	at := func() []url.URL { return []url.URL{{Scheme: "http", Host: fmt.Sprint("127.0.0.1:", freePort(t))}} }
	cfg.ListenClientUrls, cfg.ListenPeerUrls = at(), at()
	cfg.AdvertiseClientUrls, cfg.AdvertisePeerUrls = cfg.ListenClientUrls, cfg.ListenPeerUrls
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	etcd, err := embed.StartEtcd(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(etcd.Close)
	select {
	case <-etcd.Server.ReadyNotify():
	case <-time.After(longest):
		t.Fatal("etcd is not ready")
	}
	return cfg.ListenClientUrls[0].String()
}

var nextPort = 12000 + os.Getpid()%4000

// freePort lies below those that the system gives to connections.
func freePort(t *testing.T) int {
	t.Helper()
	for range 500 {
		nextPort++
		if l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", nextPort)); err == nil {
			l.Close()
			return nextPort
		}
	}
	t.Fatal("no port is free")
	return 0
}

func writeKey(t *testing.T, file string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// gatewayAPI are the definitions of Gateway API's objects, as its release has them.
func gatewayAPI(t *testing.T) (all [][]byte) {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/gateway-api").Output()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "config", "crd", "standard", "*.yaml"))
	if err != nil || len(files) < 5 {
		t.Fatalf("%d definitions of Gateway API: %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split(string(data), "\n---\n") {
			if strings.Contains(part, "kind:") {
				all = append(all, []byte(part))
			}
		}
	}
	return all
}

// apply is a server-side apply.
func (c *cluster) apply(t *testing.T, data []byte, file string) *unstructured.Unstructured {
	t.Helper()
	o, err := c.try(t.Context(), data)
	if err != nil {
		t.Fatalf("%s: %v\n%s", file, err, data)
	}
	return o
}

func (c *cluster) try(ctx context.Context, data []byte) (*unstructured.Unstructured, error) {
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal(data, &o.Object); err != nil {
		return nil, err
	}
	kind := o.GroupVersionKind()
	mapping, err := c.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return nil, err
	}
	how := metav1.ApplyOptions{FieldManager: "muster", Force: false}
	if o.GetNamespace() == "" {
		return c.objects.Resource(mapping.Resource).Apply(ctx, o.GetName(), o, how)
	}
	return c.objects.Resource(mapping.Resource).Namespace(o.GetNamespace()).Apply(ctx, o.GetName(), o, how)
}

// waitFor waits until a kind is served, and can be listed.
func (c *cluster) waitFor(t *testing.T, kind schema.GroupKind) {
	t.Helper()
	await(t, kind.String(), func() error {
		c.mapper.Reset()
		mapping, err := c.mapper.RESTMapping(kind)
		if err == nil {
			_, err = c.objects.Resource(mapping.Resource).List(t.Context(), metav1.ListOptions{})
		}
		return err
	})
}

func await(t *testing.T, what string, ready func() error) {
	t.Helper()
	end := time.Now().Add(longest)
	for err := ready(); err != nil; err = ready() {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s: %v", what, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
