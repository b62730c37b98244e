package local

import (
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
)

// TrustVar names folders, separated as those of PATH, whose configuration is run
// whoever owns it; * stands for all of them.
const TrustVar = "MUSTER_TRUST"

// Foreign is a file of another user, which this one must not or cannot work with.
type Foreign struct {
	Path   string
	Owner  string // a name, or #UID
	Usable bool   // it could be worked with, were its owner trusted
}

func (e *Foreign) Error() string {
	if e.Usable {
		return fmt.Sprintf("%s belongs to %s: what it holds would be run as you", e.Path, e.Owner)
	}
	started := ""
	if e.Owner == "root" {
		started = " (started with sudo?)"
	}
	return fmt.Sprintf("%s belongs to %s%s: you can neither see nor stop what runs here", e.Path, e.Owner, started)
}

// ExitCode is that of wrong use.
func (*Foreign) ExitCode() int { return 2 }

// CheckOwner refuses to work with a project of which another user may have
// written what is run: its configuration file, the folder of that, and .local with
// the programs and the state in it.
// Root's are taken, whose files nobody is safe from. The error is a *Foreign.
//
// Root takes another user's too where they lie in a folder of that user's, as in a
// container that has a project mounted: who owns a folder has a say in all that
// root does below it. What somebody has put into a shared folder is refused, for
// there root would be handed to whoever comes first.
//
// Who may write is not looked at: on some file systems everybody may.
func CheckOwner(file string) error {
	return viewer{uint32(os.Geteuid()), os.Getenv("SUDO_UID"), os.Getenv(TrustVar), owner}.check(file)
}

// viewer is who looks at files, and how.
type viewer struct {
	uid   uint32
	sudo  string // SUDO_UID
	trust string // MUSTER_TRUST
	// owner is that of a file or, with link, that of the link itself. It is false
	// where there is nothing to be seen.
	owner func(path string, link bool) (uint32, bool)
}

func (v viewer) check(file string) error {
	file, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	project := filepath.Dir(file)
	dir := Of(project)
	for _, path := range []string{project, file, string(dir), filepath.Dir(dir.NginxBinary()), dir.NginxBinary(), dir.NginxLibs(),
		dir.NginxKnown(), dir.Toolchain(), dir.Venv(), dir.Run(), dir.State()} {
		for _, link := range []bool{true, false} {
			if uid, ok := v.owner(path, link); ok && !v.trusts(uid, project) {
				return &Foreign{Path: path, Owner: userName(uid), Usable: true}
			}
		}
	}
	if v.uid == 0 {
		return nil
	}
	for _, path := range []string{string(dir), dir.Run(), dir.State(), dir.SupervisorLock(), dir.Pids(), dir.Logs(), dir.Unified()} {
		if uid, ok := v.owner(path, false); ok && uid != v.uid {
			return &Foreign{Path: path, Owner: userName(uid)}
		}
	}
	return nil
}

// trusts tells whether what a user has written in a project may be run.
func (v viewer) trusts(uid uint32, project string) bool {
	if uid == 0 || uid == v.uid {
		return true
	}
	if list := filepath.SplitList(v.trust); slices.Contains(list, project) || slices.Contains(list, "*") {
		return true
	}
	if v.uid != 0 {
		return false
	}
	folder, ok := v.owner(project, false)
	return ok && uid == folder || v.sudo == strconv.FormatUint(uint64(uid), 10)
}

// Closed says which folder on the way to a path lets this user not in.
func Closed(path string) error {
	for {
		uid, ok := owner(path, false)
		if ok {
			return fmt.Errorf("%s is closed to you: it belongs to %s", path, userName(uid))
		}
		if path == filepath.Dir(path) {
			return fmt.Errorf("%s: %w", path, fs.ErrPermission)
		}
		path = filepath.Dir(path)
	}
}

func userName(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	if uid == 0 {
		return "root"
	}
	return "#" + id // as sudo takes it
}
