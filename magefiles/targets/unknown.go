package targets

import (
	"fmt"
	"os"
	"slices"
	"strings"

	muster "muster/internal/config"
	"muster/internal/console"
)

// refuseUnknown ends a call of a target that there is not, and names the one that is
// meant: Mage would only say that there is none.
func refuseUnknown() {
	target := asked(os.Args[1:])
	if isOurs(target) {
		return
	}
	var all []string
	for _, line := range targetNames() { // with those of other magefiles
		name, _, _ := strings.Cut(line, "\t")
		if strings.EqualFold(name, target) {
			return
		}
		all = append(all, name)
	}
	if len(all) == 0 { // the program cannot be asked: that is Mage's to tell
		return
	}
	text := fmt.Sprintf("there is no target %q", target)
	if near := muster.Nearest(target, all); near != "" {
		text += fmt.Sprintf(" (did you mean %s?)", near)
	}
	_ = console.Exit(usageError(text + "; -l lists all"))
}

// asked is the first target of a command line; "" is none.
func asked(args []string) string {
	for i, arg := range args {
		switch {
		case i > 0 && args[i-1] == "-t": // which has a value
		case !strings.HasPrefix(arg, "-"):
			return arg
		}
	}
	return ""
}

// isOurs tells whether a target is one of this package, which other magefiles may
// import below a name. Of one in another namespace Mage tells whether it is there.
func isOurs(target string) bool {
	parts := strings.Split(strings.ToLower(target), ":")
	if len(parts) < 2 {
		return true
	}
	space, name := parts[len(parts)-2], parts[len(parts)-1]
	names, ok := ours[space]
	return !ok || slices.Contains(strings.Fields(strings.ToLower(names)), name)
}

// ours are the targets of each namespace of this package: who is well called is not to
// wait for Mage's list.
var ours = map[string]string{
	"agent":   "install serve",
	"backend": "analyze env events reload restart run start status stop wait",
	"clean":   "all generated",
	"config":  "init schema show validate",
	"dev":     "backend completion dashboard doctor frontend fullstack kill projects serveDashboard setup status stop version watchConfig watchFiles",
	"export":  "compose kubernetes procfile",
	"logs":    "clean tail tailNginx",
	"nginx":   "check gen install reload requests routes verify",
	"specs":   "check diff export generate watchFrontend watchPython",
}
