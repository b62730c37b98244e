package supervise

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"muster/internal/fuzztest"
	"muster/internal/local"
	"muster/internal/plan"
	"muster/internal/proc"
)

// saved is a process as state.json has it.
func saved(name string) savedProcess {
	return savedProcess{Process: plan.Process{Name: name, Server: "a", Exe: "/bin/true", Args: []string{"true"}, Env: []string{"A=1"}, Port: 8100,
		Health: plan.Health{Path: "/health", Interval: time.Second}, StopTimeout: time.Second, DependsOn: []string{"b-0"}},
		ID: proc.Identity{PID: 1 << 22, Start: 3}, Since: time.Unix(1_800_000_000, 0).UTC(), State: Healthy, Wanted: true, LogFrom: 12, Digest: "0123"}
}

// FuzzState tries that a state.json which is damaged is an error that names the file, and
// that one which is taken is written again as the same.
func FuzzState(f *testing.F) {
	id, err := proc.Identify(os.Getpid())
	if err != nil {
		f.Fatal(err)
	}
	for _, st := range []savedState{
		{Version: stateVersion, Supervisor: id, Namespace: proc.PIDNamespace(), Config: "/x/dev-config.yaml", Processes: []savedProcess{saved("a-0"), saved("b-0")}},
		{Version: stateVersion, Supervisor: id, Namespace: "pid:[1]", Folder: local.Place{Path: "/x", Inode: 1}, Processes: []savedProcess{saved("a-0")}},
		{Version: 2, Supervisor: id},
	} {
		text, err := json.Marshal(st)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		fuzztest.Bound(t)
		dir := local.Of(t.TempDir())
		if err := dir.Make(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(dir.State(), text, 0o600); err != nil {
			t.Fatal(err)
		}
		st, err := loadState(dir)
		if elsewhere := new(Elsewhere); errors.As(err, &elsewhere) {
			elsewhere.status()
			elsewhere.Hint()
			return
		}
		if err != nil {
			if !strings.Contains(err.Error(), dir.State()) || len(st.Processes) > 0 {
				t.Errorf("%d processes of %v", len(st.Processes), err)
			}
			return
		}
		st.members(dir)
		if st.Supervisor.PID == 0 {
			return // of nothing
		}
		if err := st.save(dir); err != nil {
			t.Fatal(err)
		}
		again, err := loadState(dir)
		if err != nil || asJSON(t, again.Processes) != asJSON(t, st.Processes) {
			t.Errorf("%s was written, and is %s: %v", asJSON(t, st), asJSON(t, again), err)
		}
	})
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// FuzzAsked tries what the supervisor reads of a client: what it takes has all that its
// operation needs.
func FuzzAsked(f *testing.F) {
	p := &plan.Plan{Config: "/x/dev-config.yaml", Environ: []string{"A=1"}, Processes: []plan.Process{saved("a-0").Process}}
	for _, req := range []request{
		{Op: opStart, Plan: p, Names: []string{"a"}, Wait: true, Lease: true, Began: time.Unix(1_800_000_000, 0)}, {Op: opReload, Plan: p},
		{Op: opRoll, Roll: &Roll{Server: "a", Names: []string{"a-0"}}}, {Op: opSignal, Names: []string{"a-0"}, Signal: syscall.SIGHUP},
		{Op: opStop, Timeout: time.Second}, {Op: opStatus}, {Op: "of another version"}, {Op: opStart},
	} {
		text, err := json.Marshal(req)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		fuzztest.Bound(t)
		req, err := parseRequest(line)
		if err != nil {
			return
		}
		switch req.Op {
		case opStart, opReload:
			if req.Plan == nil {
				t.Error("no plan")
			}
			shareShells(req.Plan.Processes)
		case opRoll:
			if len(req.Roll.Names) == 0 {
				t.Error("nothing to be rolled")
			}
		case opSignal:
			if len(req.Names) != 1 {
				t.Error("no process to be signalled")
			}
		}
	})
}

// FuzzAnswered tries what a client reads of whoever is at the other end of the socket.
func FuzzAnswered(f *testing.F) {
	f.Add([]byte(`{"heard":true}` + "\n" + `{"event":{"process":"a-0","state":"healthy","seconds":1}}` + "\n" + `{"last":true}` + "\n"))
	f.Add([]byte(`{"status":{"running":true,"processes":[{"name":"a-0","state":"failed","exception":{"type":"X"},"last_lines":["x"]}]}}` + "\n"))
	f.Add([]byte(`{"failed":{"failures":[{"process":"a-0"}]},"error":"x"}` + "\n"))
	f.Add([]byte(`{"already_running":true,"nothing_runs":true,"changes":{"added":["a"]}}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		fuzztest.Bound(t)
		ours, theirs := connected(t)
		go func() {
			theirs.Write(answer)
			theirs.CloseWrite()
		}()
		c := &Client{Local: local.Of("/nowhere"), OnEvent: func(Event) {}}
		rep, err := c.converse(context.Background(), ours, request{Op: opStatus})
		if err == nil && (rep.Error != "" || rep.Failed != nil || rep.Nothing) {
			t.Errorf("%+v is no failure", rep)
		}
		if err != nil {
			_ = err.Error()
		}
	})
}

// connected are both ends of a socket.
func connected(t *testing.T) (a, b *net.UnixConn) {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	var ends [2]*net.UnixConn
	for i, fd := range fds {
		file := os.NewFile(uintptr(fd), "")
		conn, err := net.FileConn(file)
		file.Close()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		ends[i] = conn.(*net.UnixConn)
	}
	return ends[0], ends[1]
}
