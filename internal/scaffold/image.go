package scaffold

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"os/user"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"muster/internal/config"
)

// standard are the programs that images are known to run, which may as well be
// installed here.
var standard = []struct {
	image   string // the last part of its name, without registry and tag
	port    int
	command []string
	words   string // of the service's own command, that its program is the same
}{
	{"redis", 6379, []string{"redis-server", "--port", "{port}", "--bind", "127.0.0.1", "--save", "", "--dir", "."}, "redis-server"},
	{"valkey", 6379, []string{"valkey-server", "--port", "{port}", "--bind", "127.0.0.1", "--save", ""}, "valkey-server"},
	{"memcached", 11211, []string{"memcached", "-l", "127.0.0.1", "-p", "{port}"}, "memcached"},
	{"nats", 4222, []string{"nats-server", "-a", "127.0.0.1", "-p", "{port}"}, "nats-server"},
	{"mailpit", 8025, []string{"mailpit", "--listen", "127.0.0.1:{port}"}, "mailpit"},
	{"mongo", 27017, []string{"sh", "-c", `mkdir -p .local/data/NAME && exec mongod --port {port} --bind_ip 127.0.0.1 --dbpath .local/data/NAME`}, "mongod"},
	{"minio", 9000, []string{"minio", "server", ".local/data/NAME", "--address", "127.0.0.1:{port}"}, "minio"},
	{"rabbitmq", 5672, []string{"rabbitmq-server"}, "rabbitmq-server"},
}

// proxies are images that do what muster's gateway does.
var proxies = []string{"nginx", "traefik", "caddy", "haproxy", "envoy", "nginx-proxy", "nginx-unprivileged"}

// imageName is what an image is called without its registry, owner and tag.
func imageName(ref string) string {
	ref, _, _ = strings.Cut(ref, "@")
	name := path.Base(ref)
	name, _, _ = strings.Cut(name, ":")
	return name
}

// native is the program that stands for an image, where it is installed.
func (d *draft) native(p *process, ref string) bool {
	name := imageName(ref)
	if isPostgres(name) {
		return d.postgres(p)
	}
	for _, s := range standard {
		if s.image != name && !(s.image == "redis" && strings.HasPrefix(name, "redis")) {
			continue
		}
		if !installed(s.words) {
			return false
		}
		p.command = slices.Clone(s.command)
		for i := range p.command {
			p.command[i] = strings.ReplaceAll(p.command[i], "NAME", p.name)
		}
		if p.port == 0 {
			p.port = s.port
		}
		p.movable = name != "rabbitmq"
		p.note("guessed: %s of this machine, instead of the image %s", s.words, ref)
		return true
	}
	if contains(systems, name) || !installed(name) {
		return false
	}
	p.command = []string{name}
	p.note("guessed: %s of this machine, instead of the image %s", name, ref)
	return true
}

// systems are images in which a program is run that is not theirs.
var systems = []string{"alpine", "bash", "busybox", "curl", "debian", "deno", "docker", "git", "golang", "java", "node", "perl", "php", "python", "ruby", "rust", "ubuntu"}

// standardPort is where the program of an image listens in its container, or 0.
func standardPort(ref string) int {
	name := imageName(ref)
	if isPostgres(name) {
		return 5432
	}
	switch name {
	case "mysql", "mariadb":
		return 3306
	case "elasticsearch":
		return 9200
	}
	for _, s := range standard {
		if s.image == name {
			return s.port
		}
	}
	return 0
}

func isPostgres(name string) bool {
	return name == "postgres" || name == "postgis" || name == "pgvector" || name == "timescaledb" || name == "postgresql"
}

func installed(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// debianPostgres is where Debian puts what is not for PATH.
var debianPostgres = "/usr/lib/postgresql/*/bin"

// postgresBin is the folder of PostgreSQL's programs: "" where they are on PATH, else
// where Debian puts them; ok tells whether they are there.
func postgresBin() (dir string, ok bool) {
	if installed("postgres") {
		return "", true
	}
	found, _ := filepath.Glob(debianPostgres + "/initdb")
	if len(found) == 0 {
		return "", false
	}
	return filepath.Dir(found[len(found)-1]) + "/", true
}

// unset is a text, or what stands in it for a variable that has no value.
func unset(s string) string {
	if _, other, ok := strings.Cut(strings.TrimSuffix(s, "}"), ":-"); ok {
		return other
	}
	return s
}

// postgres drafts a database of PostgreSQL in a folder of its own: what makes it at
// the first start, what runs it, and what creates the database that is asked for.
func (d *draft) postgres(p *process) bool {
	bin, ok := postgresBin()
	if !ok {
		return false
	}
	as := []string{}
	data := ".local/data/" + p.name
	dir := ""
	if u, err := user.Lookup("postgres"); os.Geteuid() == 0 && err == nil && installed("setpriv") && d.isDir(u.HomeDir) {
		// It refuses to be root's, and its own user may not come into the project's folder.
		as = []string{"setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"}
		sum := sha256.Sum256([]byte(d.dir))
		dir, data = u.HomeDir, "muster-"+hex.EncodeToString(sum[:4])+"-"+p.name
	}
	p.dir = dir
	if p.port == 0 {
		p.port = 5432
	}
	value := func(name, other string) string {
		for _, v := range p.env {
			if v.Name == name && v.Value != "" {
				if open, ok := strings.CutSuffix(v.Value, ":-}"); ok && identifier(strings.TrimPrefix(open, "${")) {
					return open + ":-" + unset(other) + "}" // as the image does with an empty one
				}
				return v.Value
			}
		}
		if p.envFile != "" && slices.ContainsFunc(d.env, func(v config.EnvVar) bool { return v.Name == name }) {
			return "${" + name + "}"
		}
		return other
	}
	p.movable, p.stopSignal, p.stopTimeout = true, "SIGINT", "10s"
	p.command = append(slices.Clone(as), bin+"postgres", "-D", data, "-p", "{port}", "-h", "127.0.0.1", "-k", "")
	p.health = health{command: []string{bin + "pg_isready", "-h", "127.0.0.1", "-p", "{port}"}}
	if bin == "" && !installed("pg_isready") {
		p.health = health{tcp: true}
	}
	p.note("guessed: PostgreSQL of this machine, instead of the image")
	owner := value("POSTGRES_USER", "postgres")
	database := value("POSTGRES_DB", owner)
	p.env, p.envFile = nil, ""
	if bin == "" && !installed("initdb") {
		d.leave(p.from, "%s: there is postgres and no initdb on PATH: make its files in %s yourself", p.name, data)
		return true
	}
	var made dependency
	init := &process{kind: config.KindTask, from: p.from, image: true, unless: []string{"test", "-f", data + "/PG_VERSION"}}
	init.dir = dir
	init.command = append(slices.Clone(as), bin+"initdb", "-D", data, "-U", owner, "--auth=trust", "-E", "UTF8")
	init.note("guessed: makes the database's files at the first start; whoever is on this machine needs no password")
	init.profiles = p.profiles
	made.name = p.name + "-init"
	d.add(init, made.name)
	p.depends = append(p.depends, made)
	if named, _ := config.Expand(database, d.env); named != "postgres" {
		p.creates = &process{kind: config.KindTask, from: p.from, image: true, profiles: p.profiles,
			command: []string{bin + "createdb", "-h", "127.0.0.1", "-p", "{port:" + p.name + "}", "-U", owner, database},
			unless:  []string{bin + "psql", "-h", "127.0.0.1", "-p", "{port:" + p.name + "}", "-U", owner, "-d", database, "-c", "select 1"}}
	}
	return true
}
