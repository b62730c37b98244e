package console

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"muster/internal/hint"
	"muster/templates"
)

// calledVar is set by muster.mk: how make was called, such as "make -f project.mk".
const calledVar = "MUSTER_CALLED"

// command is a target, with options, in a text of ours.
var command = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(^|[^\w/.:=-])((?:agent|backend|bench|check|clean|config|dev|export|logs|nginx|specs):[a-z]\w*)((?: -[a-z]+(?:=[^\s,;)]+)?)*)`)
})

// asCalled writes the commands of a text in the form in which this one was called, so
// that they can be typed. The text is ours: nothing that others wrote is in it.
func asCalled(text string) string { return caller().inText(text) }

// AsCalled is a text of ours with its commands in the form in which this one was called.
func AsCalled(text string) string { return asCalled(text) }

// Launcher is what another program starts this one with.
func Launcher() ([]string, error) {
	exe, err := os.Executable()
	if err == nil && underMage(exe) { // which goes with the next change of a source
		return strings.Fields(program(exe)), nil
	}
	return []string{exe}, err
}

// asCalledFormat is asCalled for the format of a text.
func asCalledFormat(format string) string {
	c := *caller()
	c.program, c.config = strings.ReplaceAll(c.program, "%", "%%"), strings.ReplaceAll(c.config, "%", "%%")
	c.make = strings.ReplaceAll(c.make, "%", "%%")
	return c.inText(format)
}

func (c *call) inText(text string) string {
	var b strings.Builder
	end := 0
	for _, at := range command().FindAllStringSubmatchIndex(text, -1) {
		b.WriteString(text[end:at[4]])
		if end = at[7]; isProgram(lastWord(text[:at[4]])) { // it can be typed already
			b.WriteString(text[at[4]:end])
			continue
		}
		b.WriteString(c.write(text[at[4]:at[5]], text[at[6]:at[7]]))
	}
	return b.String() + text[end:]
}

// lastWord is what a text ends with, before one blank.
func lastWord(text string) string {
	before, ok := strings.CutSuffix(text, " ")
	if !ok {
		return ""
	}
	return before[strings.LastIndexAny(before, " \n")+1:]
}

// isProgram tells whether a word is the name or the path of this program.
func isProgram(word string) bool { return word == "muster" || strings.Contains(word, "/") }

// call is how this program was called.
type call struct {
	program string            // that is typed before a target
	config  string            // the option that names the configuration, with a blank before it
	make    string            // "make -f project.mk", if make has called it
	targets map[string]string // make's, by ours with their options
}

func (c *call) write(target, options string) string {
	if name := c.targets[target+options]; name != "" {
		return c.make + " " + name
	}
	if strings.Contains(options, " -config=") {
		return c.program + " " + target + options
	}
	return c.program + " " + target + options + c.config
}

var caller = sync.OnceValue(func() *call {
	return newCall(os.Args, os.Getenv(calledVar))
})

func newCall(args []string, byMake string) *call {
	c := &call{program: program(args[0])}
	for _, arg := range args[1:] {
		if file, ok := strings.CutPrefix(arg, "-config="); ok {
			c.config = " -config=" + hint.Word(file)
		}
	}
	if byMake != "" {
		c.make, c.targets = byMake, map[string]string{}
		recipe := regexp.MustCompile(`(?m)^([a-z-]+)[a-z -]*: *; \$\(muster-run\) (\S+(?: -\S+)*?)(?: \$.*)?$`)
		for _, m := range recipe.FindAllSubmatch(templates.MusterMK, -1) {
			if ours := string(m[2]); c.targets[ours] == "" {
				c.targets[ours] = string(m[1])
			}
		}
	}
	return c
}

// program is what is typed to call this one: Mage compiles into a folder of its own.
func program(arg0 string) string {
	exe, err := os.Executable()
	if err == nil && underMage(exe) {
		if _, err := exec.LookPath("mage"); err == nil {
			return "mage"
		}
		return "go tool mage"
	}
	if strings.Contains(arg0, "/") {
		return hint.Word(arg0)
	}
	return "muster"
}

func underMage(exe string) bool {
	cache := os.Getenv("MAGEFILE_CACHE")
	if cache == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return false
		}
		cache = filepath.Join(home, ".magefile")
	}
	return filepath.Dir(exe) == filepath.Clean(cache)
}
