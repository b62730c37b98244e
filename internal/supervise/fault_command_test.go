package supervise

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"muster/internal/local"
	"muster/internal/plan"
)

// runCommand is the command line as a process of its own, which can be killed:
// VERB ROOT PLANFILE NAME... With ":own" behind the verb, each process has its own
// time to end.
func runCommand(args []string) int {
	verb, own := strings.CutSuffix(args[0], ":own")
	names := args[3:]
	var p plan.Plan
	b, err := os.ReadFile(args[2])
	if err == nil {
		err = json.Unmarshal(b, &p)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	exe, _ := os.Executable()
	c := &Client{Local: local.Dir(args[1]), Exe: exe}
	ctx := context.Background()
	timeout := 500 * time.Millisecond
	if own {
		timeout = OwnTimeout
	}
	switch verb {
	case "start":
		_, err = c.Start(ctx, p, StartOptions{Names: names})
	case "stop":
		err = c.Stop(ctx, names, timeout)
	case "restart":
		err = c.Restart(ctx, names, timeout)
	case "reload":
		_, err = c.Reload(ctx, p)
	case "roll": // the plan is the stand-ins
		err = c.Roll(ctx, Roll{Server: p.Processes[0].Server, Spares: p.Processes, Names: names, Timeout: timeout, Drain: 100 * time.Millisecond})
	case "clean":
		err = c.CleanLogs(ctx)
	case "status":
		_, err = c.Status(ctx)
	default:
		err = fmt.Errorf("no command %q", verb)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
