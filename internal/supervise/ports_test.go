package supervise

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestATakenPortIsNamedWithItsHolderAndNothingStarts(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("good-0")
	p := pr.addListening("bad-0")
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(p.Port)))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = pr.client().Start(t.Context(), pr.plan, StartOptions{})
	var taken *PortTaken
	if !errors.As(err, &taken) || taken.Holder.PID != os.Getpid() || taken.Process != "bad-0" {
		t.Fatalf("start: %v", err)
	}
	if !strings.Contains(err.Error(), filepath.Base(os.Args[0])) {
		t.Errorf("the holder's command is missing: %v", err)
	}
	if _, err := os.Stat(filepath.Join(pr.local.Logs(), "good-0.log")); err == nil {
		t.Error("good-0 was started")
	}
}

func TestAPortIsTakenByWhoListensOnTheOtherLocalhost(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	p := pr.add("page")
	p.Host = "localhost"
	l, err := net.Listen("tcp", net.JoinHostPort("::1", strconv.Itoa(p.Port)))
	if err != nil {
		t.Skip(err) // no IPv6 here
	}
	defer l.Close()
	_, err = pr.client().Start(t.Context(), pr.plan, StartOptions{})
	var taken *PortTaken
	if !errors.As(err, &taken) || taken.Holder.PID != os.Getpid() {
		t.Errorf("start: %v", err)
	}
}
