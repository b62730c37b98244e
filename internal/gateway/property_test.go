package gateway_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"muster/internal/config"
	"muster/internal/fuzztest"
	"muster/internal/gateway"
	"muster/internal/gateway/builtin"
)

// randomFile is the text of a configuration file that is likely to be valid.
func randomFile(r *rand.Rand) string {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	name := func() string {
		if r.IntN(2) == 0 {
			return pick("core", "default", "include", "hostnames", "volatile", "ws", "health", "version", "nginx-status", "server", "frontend", "name", "tab", "set", "if", "on", "off", "null")
		}
		var b strings.Builder
		b.WriteByte("abcdefghijklmnopqrstuvwxyz"[r.IntN(26)])
		for range r.IntN(40) {
			b.WriteByte("abcdefghijklmnopqrstuvwxyz0123456789_-"[r.IntN(38)])
		}
		return b.String()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "api_base_url: %q\n", pick("", "/api/v1", "/api", "/~u/.x/-_", "/nginx-status", "/.muster/error", "/.muster", "/health", "/"+strings.Repeat("long", 50)))
	fmt.Fprintf(&b, "nginx:\n  port: %d\n  host: %q\n  worker_processes: %s\n  worker_connections: %d\n",
		1024+r.IntN(60000), pick("127.0.0.1", "::1", "0.0.0.0", "::", "localhost"), pick("1", "2", "auto", "64"), 1+r.IntN(70000))
	if r.IntN(4) == 0 {
		fmt.Fprintf(&b, "  tls: true\n  redirect_port: %d\n", 1024+r.IntN(60000))
	}
	if r.IntN(2) == 0 {
		fmt.Fprintf(&b, "  hosts: [%q, %q, \"::1\"]\n", pick("", "*.")+pick("a.test", "LOCALHOST", "volatile", strings.Repeat("long.", 50)+"abc"), pick("default", "include", "hostnames", "1.2.3.4"))
	}
	servers := map[string]bool{}
	var order []string
	for range 1 + r.IntN(8) {
		if n := name(); !servers[n] {
			servers[n] = true
			order = append(order, n)
		}
	}
	b.WriteString("servers:\n")
	taken := map[string]bool{}
	for _, n := range order {
		var modules []string
		for range r.IntN(12) {
			if m := name(); n != "core" && !taken[m] {
				taken[m] = true
				modules = append(modules, `"`+m+`"`)
			}
		}
		fmt.Fprintf(&b, "  %q: {port: %d, instances: %d, modules: [%s], balance: %s}\n", n,
			1024+r.IntN(60000), 1+r.IntN(4), strings.Join(modules, ", "), pick("round_robin", "least_conn", "ip_hash"))
	}
	fmt.Fprintf(&b, "websocket: {routing_strategy: %s, query_param_name: %s", pick("path", "query_param"), pick("type", "TYPE", "_x", "a1", "arg"))
	if r.IntN(2) == 0 {
		fmt.Fprintf(&b, ", default_server: %q", pick(order...))
	}
	b.WriteString("}\n")
	if r.IntN(3) == 0 {
		fmt.Fprintf(&b, "frontend: {dir: ., command: [npm], port: %d}\n", 1024+r.IntN(60000))
	}
	return b.String()
}

func TestWhateverValidatesPassesNginx(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	valid := 0
	for n := 0; valid < 60; n++ {
		text := randomFile(r)
		dir := t.TempDir()
		c, err := config.Parse(filepath.Join(dir, "dev-config.yaml"), []byte(text))
		if err != nil {
			if n > 2000 {
				t.Fatalf("nearly nothing validates; last: %v", err)
			}
			continue
		}
		valid++
		b := realNginx(t, c)
		if valid%3 == 0 { // a build without the optional modules, all else being the same
			b.Modules = []string{"http_ssl"}
		}
		data, err := gateway.Generate(c, gateway.Options{Binary: b, User: gateway.User()})
		if err == nil {
			if err = gateway.Prepare(c); err == nil {
				if _, err = gateway.Write(c.Local().NginxConf(), data); err == nil {
					err = gateway.Validate(t.Context(), c, b, c.Local().NginxConf())
				}
			}
		}
		if err != nil {
			t.Fatalf("seed %d: %v\n%s\n%s", seed, err, text, data)
		}
		if _, err := builtin.Config(c); err != nil {
			t.Fatalf("seed %d: builtin: %v\n%s", seed, err, text)
		}
	}
}

// evil are strings that would say something to nginx if they got through.
func evil() []string {
	return []string{
		`x; evil_directive on`, "x\nevil_directive on;", `x"; evil_directive on; "`, `x' ; evil_directive on; '`,
		`x } evil_directive { `, `$evil_directive`, `${evil_directive}`, `x # evil_directive`, `x\`, `"`, `'`, "x\x00evil_directive",
		"x y", "x\ty", `~^evil_directive`, `*`, "é; evil_directive", "",
	}
}

// set writes s into one of the strings of a configuration.
func places() map[string]func(c *config.Config, s string) {
	return map[string]func(c *config.Config, s string){
		"base URL":         func(c *config.Config, s string) { c.APIBaseURL = "/" + s },
		"base URL, bare":   func(c *config.Config, s string) { c.APIBaseURL = s },
		"host":             func(c *config.Config, s string) { c.Nginx.Host = s },
		"hosts":            func(c *config.Config, s string) { c.Nginx.Hosts = []string{s, "*." + s} },
		"workers":          func(c *config.Config, s string) { c.Nginx.WorkerProcesses = s },
		"server":           func(c *config.Config, s string) { c.Servers[0].Name = s },
		"module":           func(c *config.Config, s string) { c.Servers[0].Modules = []string{s} },
		"balance":          func(c *config.Config, s string) { c.Servers[0].Balance = s },
		"parameter":        func(c *config.Config, s string) { c.WebSocket.QueryParamName = s },
		"default server":   func(c *config.Config, s string) { c.WebSocket.DefaultServer = s },
		"WebSocket module": func(c *config.Config, s string) { c.WebSocketRoutes[0].Module = s },
		"WebSocket server": func(c *config.Config, s string) { c.WebSocketRoutes[0].Server = s },
		"extra":            func(c *config.Config, s string) { c.Nginx.Extra = s },
		"file":             func(c *config.Config, s string) { c.File = "/project/" + s },
		"folder":           func(c *config.Config, s string) { c.Dir = "/project/" + s },
	}
}

func TestNoStringBecomesADirective(t *testing.T) {
	t.Parallel()
	query := strings.Replace(designFile, `"path"`, `"query_param"`, 1)
	for place, set := range places() {
		for _, s := range evil() {
			c := load(t, query)
			set(c, s)
			data, err := gateway.Generate(c, gateway.Options{})
			if err != nil {
				continue
			}
			for _, d := range directives(t, string(data)) {
				if strings.Contains(d, "evil") {
					t.Errorf("%s %q became the directive %q", place, s, d)
				}
			}
		}
	}
	for _, s := range evil() {
		for name, o := range map[string]gateway.Options{
			"user": {User: s},
		} {
			data, err := gateway.Generate(load(t, query), o)
			if err == nil && strings.Contains(string(data), "evil") {
				t.Errorf("%s %q was written", name, s)
			}
		}
	}
}

// directives are the names of the directives of a configuration, found by the
// rules by which nginx reads it: ; { } end a word, quotes hold them, # begins
// a comment, a backslash escapes, and $ may begin a variable outside of paths.
func directives(t *testing.T, text string) []string {
	t.Helper()
	var list []string
	var word strings.Builder
	first, quote := true, byte(0)
	end := func() {
		if word.Len() > 0 && first {
			list = append(list, word.String())
			first = false
		}
		word.Reset()
	}
	for i := 0; i < len(text); i++ {
		ch := text[i]
		switch {
		case ch == '\\' && i+1 < len(text):
			word.WriteByte(ch)
			i++
			word.WriteByte(text[i])
		case quote != 0:
			if ch == quote {
				quote = 0
			} else {
				word.WriteByte(ch)
			}
		case (ch == '"' || ch == '\'') && word.Len() == 0:
			quote = ch
			word.WriteByte('.')
		case ch == '#' && word.Len() == 0:
			for i < len(text) && text[i] != '\n' {
				i++
			}
		case ch == ';' || ch == '{' || ch == '}':
			end()
			first = true
		case ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r':
			end()
		default:
			word.WriteByte(ch)
		}
	}
	if quote != 0 {
		t.Errorf("a quote is open at the end:\n%s", text)
	}
	return list
}

func TestFoldersOfAnyName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"plain", "with blank", `it's "quoted"`, "a;b", "$HOME", "${x}", "#x", "{x}", `back\slash`, `\n`, "spaß", " edge ", "*?[x]", "-p"} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), name)
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			port := portRange(t, 2)
			startBackend(t, "core-0", port+1)
			text := fmt.Sprintf("nginx: {port: %d, tls: %v}\nservers: {core: {port: %d}}\n", port, name == "$HOME" || name == "a;b", port+1)
			c := loadIn(t, dir, text)
			r := startNginx(t, c)
			url := "http://" + r.addr + "/health"
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			if c.Nginx.TLS {
				client, url = trusting(t, c), "https://"+r.addr+"/health"
			}
			resp, err := client.Get(url)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if data, _ := io.ReadAll(resp.Body); resp.StatusCode != 200 {
				t.Errorf("%d %s", resp.StatusCode, data)
			}
			for _, f := range []string{"logs/nginx-access.log", "logs/nginx-error.log", "run/nginx.pid"} {
				if _, err := os.Stat(filepath.Join(dir, ".local", f)); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestWhatNginxTakesForAPatternIsEscapedOrRefused(t *testing.T) {
	t.Parallel()
	if v, err := gateway.QueryValue("~."); err != nil || v != `"\\~."` {
		t.Errorf("a module that is a regular expression is written %q (%v)", v, err)
	}
	for _, name := range []string{"a*", "a?", "[a]"} {
		dir := filepath.Join(t.TempDir(), name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		c := loadIn(t, dir, designFile)
		c.Nginx.Extra = "extra.conf"
		if err := os.WriteFile(filepath.Join(dir, c.Nginx.Extra), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := gateway.Generate(c, gateway.Options{}); err == nil || !strings.Contains(err.Error(), "takes for a pattern: rename it") {
			t.Errorf("extra directives in %s: %v", name, err)
		}
	}
}

func TestAFolderWithALineBreakIsRefused(t *testing.T) {
	t.Parallel()
	c := load(t, designFile)
	c.Dir = "/project/a\nb"
	if _, err := gateway.Generate(c, gateway.Options{}); err == nil || !strings.Contains(err.Error(), "control character") {
		t.Errorf("got %v", err)
	}
}

// As root, the tests of the gateway run once more as an ordinary user.
func TestAllOfItAsAnOrdinaryUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Log("this is an ordinary user already")
		return
	}
	const nobody = 65534
	dir, err := os.MkdirTemp("", "gateway-user-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	exe := filepath.Join(dir, "gateway.test")
	// By another process: a descriptor that is open for writing here could be
	// inherited by whatever a parallel test starts, and keep exe busy.
	nginx := realNginx(t, load(t, designFile)) // it may lie where only root comes
	for from, to := range map[string]string{os.Args[0]: exe, nginx.Path: filepath.Join(dir, "nginx")} {
		if out, err := exec.Command("cp", from, to).CombinedOutput(); err != nil {
			t.Fatalf("cp: %v\n%s", err, out)
		}
	}
	home := filepath.Join(dir, "home")
	if err := os.Mkdir(home, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(home, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, "-test.v", "-test.timeout=2m",
		"-test.run", "^(TestFoldersOfAnyName|TestLargeBodiesStream|TestWebSocketsByPath|TestHTTPS|TestGeneratedFilePassesNginx)$")
	cmd.Dir = home
	cmd.Env = append(os.Environ(), "TMPDIR="+home, "HOME="+home, "PATH="+dir+":"+os.Getenv("PATH"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Count(string(out), "--- PASS: TestFoldersOfAnyName/") < 10 {
		t.Errorf("%v\n%s", err, out)
	}
}

// FuzzQuote writes any string as an argument and reads it back by nginx's
// rules.
func FuzzQuote(f *testing.F) {
	for _, s := range evil() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		fuzztest.Bound(t)
		q, err := gateway.Quote(s)
		if err != nil {
			return
		}
		if list := directives(t, "a "+q+"; b c;"); len(list) != 2 || list[0] != "a" || list[1] != "b" {
			t.Errorf("%q as %s reads as %q", s, q, list)
		}
	})
}
