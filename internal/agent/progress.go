package agent

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"muster/internal/printable"
	"muster/internal/supervise"
)

// progress tells the client how the work of a call goes or, where it did not ask for
// that, standard error. It is the stack's report.
type progress struct {
	ctx context.Context
	req *mcp.CallToolRequest

	mu   sync.Mutex
	told float64
}

func (p *progress) tell(message string) {
	message = clip(printable.Line(message), itemBytes/4)
	token := p.req.Params.GetProgressToken()
	if token == nil {
		fmt.Fprintln(os.Stderr, message)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told++
	p.req.Session.NotifyProgress(p.ctx, &mcp.ProgressNotificationParams{ProgressToken: token, Message: message, Progress: p.told})
}

func (p *progress) event(e supervise.Event) {
	switch {
	case e.Warning != "":
		p.tell(e.Warning)
	case e.Notice != "":
		p.tell(e.Process + " " + e.Notice)
	case e.Detail != "":
		p.tell(fmt.Sprintf("%s %s: %s", e.Process, e.State, e.Detail))
	default:
		p.tell(fmt.Sprintf("%s %s", e.Process, e.State))
	}
}

// Step tells what is begun.
func (p *progress) Step(text string) { p.tell(text) }

// Done tells what went well.
func (p *progress) Done(format string, args ...any) { p.tell(fmt.Sprintf(format, rounded(args)...)) }

// Warn tells what to know.
func (p *progress) Warn(format string, args ...any) { p.tell(fmt.Sprintf(format, rounded(args)...)) }

// Error tells what failed while the work goes on.
func (p *progress) Error(err error) { p.tell(err.Error()) }

// Progress tells how many bytes of what have come, once all have.
func (p *progress) Progress(what string, done, total int64) {
	if done >= total {
		p.tell(fmt.Sprintf("%s: %.1f MB", what, float64(total)/1e6))
	}
}

// Begin tells what goes on, so that a client which waits sees that it does.
func (p *progress) Begin(what string) (end func() (lasted bool)) {
	p.tell(what)
	return func() bool { return false }
}

func rounded(args []any) []any {
	for i, arg := range args {
		if d, ok := arg.(time.Duration); ok {
			args[i] = d.Round(10 * time.Millisecond)
		}
	}
	return args
}
