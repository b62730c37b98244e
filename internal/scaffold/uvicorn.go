package scaffold

import (
	"slices"
	"strconv"
	"strings"

	"muster/internal/config"
)

// uvicornFlags are options that muster gives itself, and whether each has a value.
var uvicornFlags = map[string]bool{"--host": true, "--port": true, "--workers": true, "--reload": false, "--no-reload": false, "--reload-dir": true,

	"--fd": true, "--uds": true, "-h": true, "-p": true, "--ssl-keyfile": true, "--ssl-certfile": true, "--reload-include": true, "--reload-exclude": true, "--app-dir": true}

// uvicorn makes a server of muster's own of a command that runs uvicorn or fastapi.
func (d *draft) uvicorn(p *process) bool {
	argv := p.command
	for _, r := range runners {
		if len(argv) > 2 && slices.Equal(argv[:2], r) {
			argv = argv[2:]
		}
	}
	if len(argv) > 3 && strings.HasPrefix(argv[0], "python") && argv[1] == "-m" {
		argv = argv[2:]
	}
	if len(argv) < 2 {
		return false
	}
	reload := false
	switch argv[0] {
	case "uvicorn":
		argv = argv[1:]
	case "fastapi":
		if argv[1] != "dev" && argv[1] != "run" {
			return false
		}
		reload, argv = argv[1] == "dev", argv[2:]
	default:
		return false
	}
	app := ""
	var args []string
	for i := 0; i < len(argv); i++ {
		name, value, joined := strings.Cut(argv[i], "=")
		withValue, ours := uvicornFlags[name]
		switch {
		case ours:
			if withValue && !joined && i+1 < len(argv) {
				i++
				value = argv[i]
			}
			switch name {
			case "--reload":
				reload = true
			case "--port", "-p":
				if isPort(value) && p.port == 0 {
					p.port, _ = strconv.Atoi(value)
				}
			case "--app-dir":
				if value != "src" { // which is looked into anyway
					p.dir = join(p.dir, value)
				}
			case "--reload-include", "--reload-exclude", "--ssl-keyfile", "--ssl-certfile", "--uds", "--fd":
				d.leave(p.from, "%s: the option %s is not taken over", p.name, name)
			case "--workers":
				d.leave(p.from, "%s: --workers %s: write instances: %s, each of which is a process of its own", p.name, value, value)
			}
		case app == "" && !strings.HasPrefix(argv[i], "-"):
			app = argv[i]
		default:
			args = append(args, argv[i])
		}
	}
	if file, ok := strings.CutSuffix(app, ".py"); ok {
		name := "app"
		if found := assigned(d.text(join(p.dir, app)), "FastAPI"); found != "" {
			name = found
		}
		app = strings.ReplaceAll(file, "/", ".") + ":" + name
	}
	if app == "" && argvFastAPI(p.command) {
		if found := d.fastAPI(p.dir); found != nil {
			app = found.app
		}
	}
	if !appName().MatchString(app) {
		return false
	}
	p.kind, p.command, p.app, p.reload, p.args, p.movable = config.KindServer, nil, app, reload, args, true
	d.pythonServer(p)
	return true
}

func argvFastAPI(argv []string) bool { return slices.Contains(argv, "fastapi") }

var appName = lazy(`^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$`)
