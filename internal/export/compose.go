package export

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"deps.dev/util/semver"
	"gopkg.in/yaml.v3"

	"muster/internal/config"
	"muster/internal/gateway"
	"muster/internal/hint"
)

// The parts of a file of Compose that are written (docs.docker.com/reference/compose-file).
type (
	composeFile struct {
		Services map[string]service   `yaml:"services"`
		Configs  map[string]reference `yaml:"configs,omitempty"`
		Secrets  map[string]reference `yaml:"secrets,omitempty"`
	}
	service struct {
		Image       string               `yaml:"image,omitempty"`
		Build       *build               `yaml:"build,omitempty"`
		Profiles    []string             `yaml:"profiles,omitempty"`
		Command     []string             `yaml:"command,omitempty,flow"`
		Environment map[string]string    `yaml:"environment,omitempty"`
		EnvFile     []string             `yaml:"env_file,omitempty"`
		Expose      []string             `yaml:"expose,omitempty,flow"`
		Ports       []published          `yaml:"ports,omitempty"`
		Configs     []mount              `yaml:"configs,omitempty"`
		Secrets     []mount              `yaml:"secrets,omitempty"`
		DependsOn   map[string]dependsOn `yaml:"depends_on,omitempty"`
		Healthcheck *healthcheck         `yaml:"healthcheck,omitempty"`
		Restart     string               `yaml:"restart"`
		Scale       int                  `yaml:"scale,omitempty"`
		StdinOpen   bool                 `yaml:"stdin_open,omitempty"`
		StopSignal  string               `yaml:"stop_signal,omitempty"`
		StopGrace   string               `yaml:"stop_grace_period,omitempty"`
		Logging     *logging             `yaml:"logging,omitempty"`
	}
	build struct {
		Context    string            `yaml:"context"`
		Dockerfile string            `yaml:"dockerfile,omitempty"`
		Target     string            `yaml:"target,omitempty"`
		Args       map[string]string `yaml:"args,omitempty"`
	}
	published struct {
		HostIP    string `yaml:"host_ip,omitempty"`
		Target    int    `yaml:"target"`
		Published string `yaml:"published"`
	}
	mount struct {
		Source string `yaml:"source"`
		Target string `yaml:"target"`
	}
	reference struct {
		Content string `yaml:"content,omitempty"`
		File    string `yaml:"file,omitempty"`
	}
	dependsOn struct {
		Condition string `yaml:"condition"`
		Restart   bool   `yaml:"restart,omitempty"`
	}
	healthcheck struct {
		Test        []string `yaml:"test,flow"`
		Interval    string   `yaml:"interval"`
		Timeout     string   `yaml:"timeout"`
		Retries     int      `yaml:"retries"`
		StartPeriod string   `yaml:"start_period"`
	}
	logging struct {
		Driver  string            `yaml:"driver"`
		Options map[string]string `yaml:"options"`
	}
)

// Compose writes a file of Compose, and what became of what that cannot say.
func Compose(s Source, o Options) ([]byte, []Note, error) {
	x := newExport(s, o, toCompose)
	if err := x.needImages(); err != nil {
		return nil, nil, err
	}
	f := composeFile{Services: map[string]service{}}
	for _, m := range x.Config.Processes() {
		f.Services[m.Name] = x.service(m)
	}
	x.pages()
	if file := x.Config.EnvFile; file != "" && x.relative(file) != "./.env" {
		x.note("env_file", "its variables in ${...} are filled in by `docker compose --env-file %s`: by itself Compose reads .env", hint.Word(x.relative(file)))
	}
	if err := x.composeGateway(&f); err != nil {
		return nil, nil, err
	}
	var b bytes.Buffer
	b.WriteString(x.head())
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := errors.Join(encoder.Encode(f), encoder.Close()); err != nil {
		return nil, nil, fmt.Errorf("write the file of Compose: %w", err)
	}
	return b.Bytes(), x.finish(), nil
}

func (x *export) service(m config.Member) service {
	v := service{
		Image: x.image(m), Profiles: m.Profiles, Command: x.argv(m), Environment: map[string]string{},
		Restart: map[string]string{config.RestartNever: "no"}[m.Restart], StdinOpen: m.StdinOpen,
		StopGrace: m.StopTimeout.String(), Healthcheck: x.healthcheck(m), Logging: x.logging(),
	}
	if v.Restart == "" {
		v.Restart = m.Restart
	}
	if m.Kind == config.KindTask {
		v.Command = x.taskArgv(m)
	}
	if b := m.Build; b != nil {
		v.Build = &build{Context: escape(x.relative(b.Context)), Dockerfile: escape(b.Dockerfile), Target: b.Target, Args: values(b.Args)}
	}
	for _, e := range x.environment(m) {
		v.Environment[e.Name] = e.Value
	}
	for _, file := range x.envFiles(m) {
		v.EnvFile = append(v.EnvFile, escape(x.relative(file)))
	}
	if m.Port != 0 {
		v.Expose = []string{strconv.Itoa(m.Port)}
		x.publish(m, &v)
	}
	if m.Instances > 1 {
		v.Scale = m.Instances
	}
	if m.StopSignal != "SIGTERM" {
		v.StopSignal = m.StopSignal
	}
	for _, d := range m.DependsOn {
		if v.DependsOn == nil {
			v.DependsOn = map[string]dependsOn{}
		}
		on := dependsOn{d.Condition, d.Restart}
		for _, other := range x.Config.Processes() {
			if other.Name == d.Name && d.Condition == config.Healthy && !checked(other) {
				on.Condition = config.Started // what is not checked is healthy when it runs
				if key := m.Path + ".depends_on." + d.Name + ".condition"; x.said[key] {
					x.note(key, "exported as service_started: nothing is checked there, and so it is healthy when it runs")
				}
			}
		}
		v.DependsOn[d.Name] = on
	}
	return v
}

func values(env []config.EnvVar) map[string]string {
	all := map[string]string{}
	for _, v := range env {
		all[v.Name] = v.Value
	}
	return all
}

// publish has this machine reach what is not behind the gateway, as it does today.
func (x *export) publish(m config.Member, v *service) {
	s, server := x.Config.Server(m.Name)
	if !server && m.Kind != config.KindFrontend || x.Config.Nginx != nil && (!server || !s.Hidden) {
		return
	}
	if m.Instances > 1 {
		x.note(m.Path+".port", "not published: no gateway is in front of it, and its %d instances cannot share a port", m.Instances)
		return
	}
	v.Ports = []published{{"127.0.0.1", m.Port, strconv.Itoa(m.Port)}}
}

func (x *export) healthcheck(m config.Member) *healthcheck {
	test := x.probe(m)
	if test == nil {
		return nil
	}
	h := m.Health
	return &healthcheck{append([]string{"CMD"}, test...), h.Interval.String(), h.Timeout.String(), h.Retries, h.StartPeriod.String()}
}

// logging bounds the logs where the file says how.
func (x *export) logging() *logging {
	if !x.said["logs.max_size"] && !x.said["logs.max_files"] {
		return nil
	}
	l := x.Config.Logs
	options := map[string]string{"max-file": strconv.Itoa(l.MaxFiles + 1)} // with the one that is written
	if options["max-size"] = strconv.FormatInt(l.MaxSize, 10); l.MaxSize == 0 {
		options["max-size"] = "-1"
		delete(options, "max-file")
	}
	return &logging{"json-file", options}
}

// The nginx of an export, and where its files lie there.
const (
	nginxVersion = "1.28"
	nginxConf    = "/etc/nginx/nginx.conf"
	nginxExtra   = "/etc/nginx/muster-extra.conf"
	nginxDNS     = "/tmp/resolver.conf"
	secretsDir   = "/run/secrets/"
	certificate  = "tls.crt"
	key          = "tls.key"
)

var oneVersion = pattern(`^\d+\.\d+(\.\d+)?$`)

// nginxImage is nginx's own, of a version that looks names up again.
func (x *export) nginxImage() string {
	version := x.Config.Nginx.Version
	full := version
	if strings.Count(full, ".") == 1 {
		full += ".999"
	}
	switch {
	case version == "":
		version = nginxVersion
	case !oneVersion().MatchString(version) || semver.NPM.Compare(full, "1.27.3") < 0:
		x.note("nginx.version", "the image is nginx:%s: it has to be one version, 1.27.3 or newer, to look the names of services up again", nginxVersion)
		version = nginxVersion
	}
	return "nginx:" + version
}

// nginxCommand starts nginx with the DNS server that the container was given, which is
// another with every engine: Docker's is 127.0.0.11, Podman's the network's gateway. Of
// several the first knows the services, as the C library takes it too.
func nginxCommand() []string {
	script := `while read -r word address _ || [ "$word" ]; do
  if [ "$word" = nameserver ]; then
    case $address in *:*) address="[$address]" ;; esac
    printf '` + gateway.ResolverDirective + `\n' "$address" >` + nginxDNS + `
    break
  fi
done </etc/resolv.conf
exec nginx`
	return []string{"sh", "-c", strings.ReplaceAll(script, "$", "$$")}
}

// composeGateway adds nginx, with the same routes over the services' names.
func (x *export) composeGateway(f *composeFile) error {
	routes, err := x.routes()
	if err != nil || routes == nil {
		return err
	}
	n := x.Config.Nginx
	c := gateway.Container{Resolver: nginxDNS, Dir: "/tmp", Certificate: secretsDir + certificate, Key: secretsDir + key, Extra: nginxExtra}
	if x.Config.Logs.AccessLog {
		c.AccessLog = "/dev/stdout"
	}
	conf, err := gateway.Generate(x.Config, gateway.Options{Container: &c,
		Binary: gateway.Binary{Version: "1.28.0", Modules: []string{"http_ssl", "http_v2", "http_stub_status"}}})
	if err != nil {
		return err
	}
	v := service{
		Image: x.nginxImage(), Command: nginxCommand(), Restart: "always", StopGrace: (3 * time.Second).String(), Logging: x.logging(),
		Configs: []mount{{"nginx.conf", nginxConf}}, DependsOn: map[string]dependsOn{},
	}
	f.Configs = map[string]reference{"nginx.conf": {Content: escape(string(conf))}}
	host := x.published()
	scheme := "http"
	for _, port := range []int{n.Port, n.RedirectPort} {
		if port != 0 {
			v.Ports = append(v.Ports, published{host, port, strconv.Itoa(port)})
		}
	}
	if n.TLS {
		scheme = "https"
		d := x.Config.Local()
		f.Secrets = map[string]reference{certificate: {File: escape(x.relative(d.Certificate()))}, key: {File: escape(x.relative(d.CertificateKey()))}}
		v.Secrets = []mount{{certificate, certificate}, {key, key}}
		x.note("nginx.tls", "the certificate and its key are those of this machine, below .local/tls: name those of your own in secrets")
	}
	if n.Extra != "" {
		f.Configs["nginx-extra.conf"] = reference{File: escape(x.relative(filepath.Join(x.Config.Dir, n.Extra)))}
		v.Configs = append(v.Configs, mount{"nginx-extra.conf", nginxExtra})
	}
	for _, r := range routes {
		if r.Server != "" && len(x.profilesOf(r.Server)) == 0 { // a service of a profile may not be there
			v.DependsOn[r.Server] = dependsOn{Condition: config.Started}
		}
	}
	v.Healthcheck = &healthcheck{[]string{"CMD", "curl", "-fsSk", "-o", "/dev/null", fmt.Sprintf("%s://127.0.0.1:%d/nginx-status", scheme, n.Port)},
		"10s", "2s", 3, "10s"}
	f.Services["nginx"] = v
	return nil
}

func (x *export) profilesOf(name string) []string {
	for _, m := range x.Config.Processes() {
		if m.Name == name {
			return m.Profiles
		}
	}
	return nil
}

// published is the address of this machine at which the gateway is reached; "" is all.
func (x *export) published() string {
	host := x.Config.Nginx.Host
	if host == "localhost" {
		return "127.0.0.1"
	}
	a, err := netip.ParseAddr(host)
	switch {
	case err != nil:
		x.note("nginx.host", "a port is published at an address, not at a name: it is that of 127.0.0.1")
		return "127.0.0.1"
	case a.IsUnspecified():
		return ""
	}
	return host
}
