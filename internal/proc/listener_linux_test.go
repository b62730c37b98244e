package proc

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestAnEndIsReadAsTheKernelPrintsIt(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"0100007F:1F90":                         "127.0.0.1:8080",
		"00000000:0050":                         "0.0.0.0:80",
		"00000000000000000000000001000000:1F90": "[::1]:8080",
		"0000000000000000FFFF00000100007F:1F90": "127.0.0.1:8080",
	} {
		if got, err := parseEnd(text); err != nil || got != netip.MustParseAddrPort(want) {
			t.Errorf("%s: %s, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", ":", "01:1F90", "0100007F:", "0100007F:FFFFF", "zz00007F:1F90"} {
		if got, err := parseEnd(text); err == nil {
			t.Errorf("%q: %s", text, got)
		}
	}
}

func TestAPortThatOnlyAConnectionHasIsNobodysServer(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	// As most programs do, unlike Go's, it lets nobody else bind its port.
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	loopback := [4]byte{127, 0, 0, 1}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: loopback}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Connect(fd, &unix.SockaddrInet4{Addr: loopback, Port: l.Addr().(*net.TCPAddr).Port}); err != nil {
		t.Fatal(err)
	}
	at, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	port := at.(*unix.SockaddrInet4).Port
	if err := TryPort("127.0.0.1", port); !errors.Is(err, syscall.EADDRINUSE) {
		t.Fatalf("listening on the port of a connection: %v", err)
	}
	if h := PortHolder(port); !h.Lingering || h.PID != 0 {
		t.Errorf("port %d is held by %s", port, h)
	}
}

func TestBothTablesTellTheSameListeners(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"127.0.0.1:0", "[::1]:0", "0.0.0.0:0", "[::]:0"} {
		l, err := net.Listen("tcp", at)
		if err != nil {
			t.Logf("%s: %v", at, err) // no IPv6 here
			continue
		}
		defer l.Close()
		want := l.Addr().(*net.TCPAddr).AddrPort()
		diag, err := diagListeners()
		if err != nil {
			t.Fatal(err)
		}
		for name, got := range map[string][]netip.AddrPort{"sock_diag": heldBy(os.Getpid(), diag), "/proc": heldBy(os.Getpid(), procListeners())} {
			if !slices.Contains(got, netip.AddrPortFrom(want.Addr().Unmap(), want.Port())) {
				t.Errorf("%s does not tell of %s: %v", name, want, got)
			}
		}
	}
}

func BenchmarkListeners(b *testing.B) {
	for b.Loop() {
		listeners()
	}
}

func TestWhoseAListenerIs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		listens, asked string
		answers        bool
	}{
		{"127.0.0.1:80", "127.0.0.1", true},
		{"0.0.0.0:80", "127.0.0.1", true},
		{"[::]:80", "127.0.0.1", true},
		{"[::1]:80", "127.0.0.1", false},
		{"[::1]:80", "localhost", true},
		{"127.0.0.2:80", "127.0.0.1", false},
		{"127.0.0.1:81", "127.0.0.1", false},
	} {
		if got := answers(netip.MustParseAddrPort(tt.listens), tt.asked, 80); got != tt.answers {
			t.Errorf("%s answers for %s:80: %v", tt.listens, tt.asked, got)
		}
	}
}
