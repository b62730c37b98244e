package export

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"muster/internal/config"
	"muster/internal/hint"
)

// object is one of Kubernetes, or a part of one.
type object = map[string]any

// cluster is an export to Kubernetes under way.
type cluster struct {
	*export
	files   []File
	jobs    map[string]string // task -> the name of its Job
	waiting bool              // somebody waits for another
	secrets map[string]string // names of Secrets -> the files that they are made of
}

// KustomizationName is that of the list of all files. `kubectl apply -f FOLDER` takes a
// file for an object by its ending, and leaves this one alone.
const KustomizationName = "Kustomization"

// kubectl is what waits for another process: it asks the API server, and so nothing
// else has to be in an image.
const kubectl = "registry.k8s.io/kubectl:v1.36.3"

// Kubernetes writes plain manifests, one file an object, and what became of what they
// cannot say.
func Kubernetes(s Source, o Options) ([]File, []Note, error) {
	o.Class, o.Namespace = cmp.Or(o.Class, DefaultClass), cmp.Or(o.Namespace, "default")
	x := &cluster{export: newExport(s, o, toKubernetes), jobs: map[string]string{}, secrets: map[string]string{}}
	if err := x.selectProfiles(); err != nil {
		return nil, nil, err
	}
	if err := errors.Join(x.needImages(), x.needNames()); err != nil {
		return nil, nil, err
	}
	for _, m := range x.inOrder() {
		if err := x.process(m); err != nil {
			return nil, nil, err
		}
	}
	x.pages()
	x.secretFiles()
	if err := x.gateway(); err != nil {
		return nil, nil, err
	}
	if x.waiting {
		x.waiter()
	}
	slices.SortFunc(x.files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	var names []string
	for _, f := range x.files {
		names = append(names, f.Name)
	}
	x.put(KustomizationName, object{"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": names})
	return x.files, x.finish(), nil
}

// inOrder has the tasks before those that wait for them, whose Jobs they name.
func (x *cluster) inOrder() (all []config.Member) {
	done := map[string]bool{}
	var visit func(m config.Member)
	visit = func(m config.Member) {
		if done[m.Name] {
			return
		}
		done[m.Name] = true
		for _, d := range m.DependsOn {
			for _, other := range x.Config.Processes() {
				if other.Name == d.Name {
					visit(other)
				}
			}
		}
		all = append(all, m)
	}
	for _, m := range x.Config.Processes() {
		visit(m)
	}
	return all
}

// objectName is a process's name as Kubernetes takes it: RFC 1035.
func objectName(name string) string {
	return strings.TrimRight(strings.ReplaceAll(name, "_", "-"), "-")
}

func (x *cluster) needNames() error {
	taken := map[string]string{}
	for _, m := range x.Config.Processes() {
		name := objectName(m.Name)
		if other, twice := taken[name]; twice {
			return fmt.Errorf("%s:%d: %s and %s are both %s in Kubernetes, which knows no _: rename one of them", x.Name, x.line(m.Path), m.Path, other, name)
		}
		taken[name] = m.Path
	}
	return nil
}

// add puts an object into a file of its own.
func (x *cluster) add(apiVersion, kind, name string, rest object) {
	o := object{"apiVersion": apiVersion, "kind": kind, "metadata": object{
		"name": name, "namespace": x.Namespace, "labels": object{"app.kubernetes.io/managed-by": "muster"}}}
	maps.Copy(o, rest)
	x.put(strings.ToLower(kind)+"-"+name+".yaml", o)
}

func (x *cluster) put(name string, o object) {
	var b bytes.Buffer
	b.WriteString(x.head())
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := errors.Join(encoder.Encode(o), encoder.Close()); err != nil {
		panic(err) // of nothing but texts and numbers
	}
	x.files = append(x.files, File{name, b.Bytes()})
}

func labels(name string) object { return object{"app.kubernetes.io/name": name} }

func (x *cluster) process(m config.Member) error {
	name := objectName(m.Name)
	container, told, err := x.container(m)
	if err != nil {
		return err
	}
	pod := object{"containers": []any{container}, "terminationGracePeriodSeconds": seconds(m.StopTimeout), "automountServiceAccountToken": false}
	x.whole(m.Path+".stop_timeout", m.StopTimeout.Seconds())
	if waits := x.waits(m); waits != nil {
		x.waiting = true
		pod["initContainers"], pod["serviceAccountName"] = waits, waiterName
		delete(pod, "automountServiceAccountToken")
	}
	// What only the ConfigMap has would change without a new pod.
	template := object{"metadata": object{"labels": labels(name), "annotations": object{"muster/environment": digest(told)}}, "spec": pod}
	if m.Kind == config.KindTask {
		x.job(m, name, template)
		return nil
	}
	x.add("apps/v1", "Deployment", name, object{"spec": object{
		"replicas": m.Instances, "selector": object{"matchLabels": labels(name)}, "template": template,
	}})
	if m.Port != 0 {
		x.add("v1", "Service", name, object{"spec": object{
			"selector": labels(name), "ports": []any{object{"port": m.Port, "targetPort": m.Port, "protocol": "TCP"}},
		}})
	}
	return nil
}

// job has a name of its content's: a Job cannot be changed, and one that is another is
// another Job.
func (x *cluster) job(m config.Member, name string, template object) {
	template["spec"].(object)["restartPolicy"] = "OnFailure"
	spec := object{"template": template}
	for _, t := range x.Config.Tasks {
		if t.Name == m.Name {
			spec["activeDeadlineSeconds"] = seconds(t.Timeout)
			x.whole(m.Path+".timeout", t.Timeout.Seconds())
		}
	}
	x.jobs[m.Name] = name + "-" + digest(spec)
	x.add("batch/v1", "Job", x.jobs[m.Name], object{"spec": spec})
}

func digest(o object) string {
	text, err := yaml.Marshal(o)
	if err != nil {
		panic(err) // of nothing but texts and numbers
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:4])
}

// whole notes of a time that Kubernetes counts in whole seconds.
func (x *cluster) whole(key string, seconds float64) {
	if seconds != float64(int(seconds)) {
		x.note(key, "rounded up to whole seconds")
	}
}

// container is that of a process, and what its ConfigMap tells it.
func (x *cluster) container(m config.Member) (c, told object, err error) {
	image, err := x.plainImage(m)
	if err != nil {
		return nil, nil, err
	}
	name := objectName(m.Name)
	argv := x.argv(m)
	if m.Kind == config.KindTask {
		argv = x.taskArgv(m)
	}
	c = object{"name": name, "image": image}
	env := &environment{x: x, literals: object{}}
	for _, v := range x.environment(m) {
		env.set(m, v)
	}
	var args []string
	for _, word := range argv {
		args = append(args, env.expanded(m.Path+".command", word))
	}
	c["args"] = args // as Compose's command: the image's ENTRYPOINT stays
	var from []any
	for _, file := range x.envFiles(m) {
		from = append(from, object{"secretRef": object{"name": x.secretOf(file)}})
	}
	if len(env.literals) > 0 {
		x.add("v1", "ConfigMap", name+"-env", object{"data": env.literals})
		from = append(from, object{"configMapRef": object{"name": name + "-env"}})
	}
	if from != nil {
		c["envFrom"] = from
	}
	if env.list != nil {
		c["env"] = env.list
	}
	if m.Port != 0 {
		c["ports"] = []any{object{"containerPort": m.Port, "protocol": "TCP"}}
	}
	if m.StdinOpen {
		c["stdin"] = true
	}
	x.probes(m, c)
	return c, env.literals, nil
}

// plainImage is an image with its variables filled in, which Kubernetes does not.
func (x *cluster) plainImage(m config.Member) (string, error) {
	image := x.image(m)
	if literal, ok := literally(image); ok {
		return literal, nil
	}
	var vars []config.EnvVar
	if x.Config.EnvFile != "" {
		vars, _ = config.ReadEnvFile(x.Config.EnvFile) // it was read before
	}
	filled, err := config.Expand(image, vars)
	if err != nil || !wholeImage(filled) {
		return "", hint.With(fmt.Errorf("%s:%d: %s.image is %q, and Kubernetes fills in no variables: with those of now it is %q", x.Name, x.line(m.Path+".image"), m.Path, image, filled),
			"set the variables in the shell or in env_file")
	}
	x.note(m.Path+".image", "written with the value that its variable has now")
	return filled, nil
}

// wholeImage tells a name of which no part is empty.
func wholeImage(s string) bool {
	return s != "" && !strings.Contains(s, "//") && !strings.Contains(s, "/:") && !strings.HasPrefix(s, "/") && !strings.HasSuffix(s, ":") && !strings.HasSuffix(s, "/")
}

// probes are readiness and start, and life where what stands still is restarted.
func (x *cluster) probes(m config.Member, c object) {
	if m.Kind == config.KindTask || !checked(m) {
		return
	}
	h := m.Health
	for key, d := range map[string]float64{"interval": h.Interval.Seconds(), "timeout": h.Timeout.Seconds(), "start_period": h.StartPeriod.Seconds()} {
		x.whole(m.Path+".health."+key, d)
	}
	probe := func(period, failures int) object {
		p := x.handler(m)
		p["periodSeconds"], p["timeoutSeconds"], p["failureThreshold"] = period, seconds(h.Timeout), failures
		return p
	}
	c["startupProbe"] = probe(1, seconds(h.StartPeriod)) // as often as it is looked at here
	c["readinessProbe"] = probe(seconds(h.Interval), h.Retries)
	if h.OnFailure == config.OnFailureRestart {
		c["livenessProbe"] = probe(seconds(h.Interval), h.Retries)
	}
}

func (x *cluster) handler(m config.Member) object {
	h := m.Health
	switch {
	case h.Path != "" && !h.Guessed:
		return object{"httpGet": object{"path": h.Path, "port": m.Port}}
	case h.TCP:
		return object{"tcpSocket": object{"port": m.Port}}
	}
	var command []string
	for _, word := range x.probe(m) {
		literal := ""
		for _, p := range pieces(word) {
			if literal += p.literal; p.name != "" {
				x.note(m.Path+".health.command", "%s is not filled in: Kubernetes fills in no variables of a probe", p.name)
				literal += "$" + p.name
			}
		}
		command = append(command, literal)
	}
	return object{"exec": object{"command": command}}
}
