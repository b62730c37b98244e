package local

import (
	"errors"
	"testing"
)

// The users of the table.
const (
	root    = 0
	me      = 54321
	mallory = 54322
)

func TestWhoseProjectIsWorkedWith(t *testing.T) {
	const file, folder, dot, state = "/share/dev-config.yaml", "/share", "/share/.local", "/share/.local/run/state.json"
	for _, test := range []struct {
		what   string
		viewer viewer
		owners map[string]uint32 // of what there is; a link's own under "-> PATH"
		want   string            // the file that is refused; "" is none
		usable bool
	}{
		{"one's own", viewer{uid: me}, map[string]uint32{folder: me, file: me, dot: me, state: me}, "", false},
		{"one's own in a folder of root", viewer{uid: me}, map[string]uint32{folder: root, file: me}, "", false},
		{"root's", viewer{uid: me}, map[string]uint32{folder: root, file: root}, "", false},
		{"a stranger's file", viewer{uid: me}, map[string]uint32{folder: root, file: mallory}, file, true},
		{"a stranger's link to one's own file", viewer{uid: me}, map[string]uint32{folder: root, "-> " + file: mallory, file: me}, file, true},
		{"one's own link to a stranger's file", viewer{uid: me}, map[string]uint32{folder: root, "-> " + file: me, file: mallory}, file, true},
		{"a stranger's folder", viewer{uid: me}, map[string]uint32{folder: mallory, file: me}, folder, true},
		{"a stranger's .local", viewer{uid: me}, map[string]uint32{folder: root, file: me, dot: mallory}, dot, true},
		{"a stranger's link that is .local", viewer{uid: me}, map[string]uint32{folder: root, file: me, "-> " + dot: mallory, dot: me}, dot, true},
		{"a stranger's nginx in one's own .local", viewer{uid: me}, map[string]uint32{folder: me, file: me, dot: me, dot + "/bin/nginx": mallory}, dot + "/bin/nginx", true},
		{"a stranger's nginx in root's .local", viewer{}, map[string]uint32{folder: root, file: root, dot: root, dot + "/bin": mallory}, dot + "/bin", true},
		{"a stranger's state", viewer{uid: me}, map[string]uint32{folder: me, file: me, dot: me, state: mallory}, state, true},
		{"a stranger who is trusted", viewer{uid: me, trust: "/else:/share"}, map[string]uint32{folder: mallory, file: mallory}, "", false},
		{"all are trusted", viewer{uid: me, trust: "*"}, map[string]uint32{folder: mallory, file: mallory}, "", false},
		{"another folder is trusted", viewer{uid: me, trust: "/shar"}, map[string]uint32{folder: mallory, file: mallory}, folder, true},
		{"trusted, and its state is closed", viewer{uid: me, trust: "*"}, map[string]uint32{folder: mallory, file: mallory, dot: mallory}, dot, false},
		{"started with sudo", viewer{uid: me}, map[string]uint32{folder: me, file: me, dot: root}, dot, false},
		{"restarted with sudo", viewer{uid: me}, map[string]uint32{folder: me, file: me, dot: me, state: root}, state, false},

		{"root in a container, in a user's folder", viewer{}, map[string]uint32{folder: me, file: me, dot: me, state: root}, "", false},
		{"sudo, in a folder of root's", viewer{sudo: "54321"}, map[string]uint32{folder: root, file: me, dot: me}, "", false},
		{"root, in a shared folder", viewer{}, map[string]uint32{folder: root, file: mallory}, file, true},
		{"sudo, in a shared folder", viewer{sudo: "54321"}, map[string]uint32{folder: root, file: mallory}, file, true},
		{"root, in a user's folder with a stranger's file", viewer{}, map[string]uint32{folder: me, file: mallory}, file, true},
		{"root, in a user's folder with a stranger's .local", viewer{}, map[string]uint32{folder: me, file: me, dot: mallory}, dot, true},
		{"root, who trusts", viewer{trust: folder}, map[string]uint32{folder: root, file: mallory}, "", false},
		{"the sudo of another than root", viewer{uid: me, sudo: "54322"}, map[string]uint32{folder: root, file: mallory}, file, true},
	} {
		t.Run(test.what, func(t *testing.T) {
			test.viewer.owner = func(path string, link bool) (uint32, bool) {
				if uid, ok := test.owners["-> "+path]; ok && link {
					return uid, true
				}
				uid, ok := test.owners[path]
				return uid, ok
			}
			err := test.viewer.check(file)
			var foreign *Foreign
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (!errors.As(err, &foreign) || foreign.Path != test.want || foreign.Usable != test.usable):
				t.Errorf("got %v, want %s refused", err, test.want)
			}
		})
	}
}
