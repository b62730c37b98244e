package config

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
)

// The checks below return what is wrong with a value, to be read after its
// path: "servers.x.port" + " " + problem. None of them uses a regular
// expression: the supervisor links this package and stays small.

// grammar is what a text must be. The pattern is what an editor can be told of the
// check, in what ECMA 262 and RE2 have in common: it may match more, never less.
type grammar struct {
	check   func(string) error
	pattern string
	never   []string // not even these
	most    int      // of a word that is a whole number, from 1; 0: it may be any number
}

// maxName keeps NAME-INDEX.log and the log prefix readable.
const maxName = 40

const namePattern = `^[a-z][a-z0-9_-]{0,39}$`

var aName = grammar{check: checkName, pattern: namePattern}

// checkName accepts what is safe as a file name, in nginx.conf and as a word
// of a command line: a letter, then letters, digits, _ and -, all lower case.
func checkName(s string) error {
	switch {
	case len(s) > maxName:
		return errors.New("is longer than 40 characters")
	case s == "" || s[0] < 'a' || s[0] > 'z' || !only(s, lower+digits+"_-"):
		return errors.New("must be lower-case letters, digits, _ and -, beginning with a letter")
	}
	return nil
}

const (
	lower  = "abcdefghijklmnopqrstuvwxyz"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits = "0123456789"
)

// only tells whether s holds no other characters than those of set.
func only(s, set string) bool { return strings.Trim(s, set) == "" }

const identifier = `[A-Za-z_][A-Za-z0-9_]*`

var anIdentifier = grammar{check: checkIdentifier, pattern: `^` + identifier + `$`}

// checkIdentifier accepts [A-Za-z_][A-Za-z0-9_]*: a variable of the
// environment or of nginx.
func checkIdentifier(s string) error {
	if s == "" || strings.IndexByte(digits, s[0]) >= 0 || !only(s, lower+upper+digits+"_") {
		return errors.New("must be letters, digits and _, not beginning with a digit")
	}
	return nil
}

// segments are those of a path, none of which is . or ..
const segments = `(/(\.{0,2}[A-Za-z0-9_~-][A-Za-z0-9._~-]*|\.{3}[A-Za-z0-9._~-]*))+`

var aBasePath = grammar{check: checkBasePath, pattern: `^/?$|^` + segments + `$`}

// checkBasePath accepts "", / and /segment/segment.
func checkBasePath(s string) error {
	if s == "" || s == "/" {
		return nil
	}
	if strings.Contains(s, "://") {
		return errors.New("must be a path such as /api/v1, without scheme and host")
	}
	if s[0] != '/' {
		return errors.New("must begin with /")
	}
	for segment := range strings.SplitSeq(s[1:], "/") {
		switch {
		case segment == "":
			return errors.New("must have no empty segment and no / at its end")
		case segment == "." || segment == "..":
			return errors.New("must have no . or .. segment")
		case !only(segment, lower+upper+digits+"-._~"):
			return errors.New("must be letters, digits, - . _ ~ and / only")
		}
	}
	return nil
}

var aRequestPath = grammar{check: checkRequestPath, pattern: "^/([A-Za-z0-9._~!$&'()*+,;=:@%?-][A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?$"}

// checkRequestPath accepts what can stand in an HTTP request line: a path and
// perhaps a query.
func checkRequestPath(s string) error {
	if s == "" || s[0] != '/' {
		return errors.New("must be a path that begins with /, such as /api/v1/health")
	}
	if strings.HasPrefix(s, "//") {
		return errors.New("must not begin with //")
	}
	if !only(s, lower+upper+digits+"-._~!$&'()*+,;=:@%/?") {
		return errors.New("holds a character that must be percent-encoded in a URL")
	}
	if _, err := url.ParseRequestURI(s); err != nil {
		return errors.New("is not a valid URL path")
	}
	return nil
}

// A host name ends with a label that is not a number.
const (
	label     = `[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?`
	lastLabel = `([0-9]*[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?|[0-9]+-([A-Za-z0-9-]*[A-Za-z0-9]))`
	hostName  = `(` + label + `\.)*` + lastLabel
	octet     = `(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])`
	address   = octet + `(\.` + octet + `){3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*`
)

var aHost = grammar{check: checkHost, pattern: `^(` + hostName + `|` + address + `)$`}

// checkHost accepts an IP address or a host name.
func checkHost(s string) error {
	if a, err := netip.ParseAddr(s); err == nil {
		if a.Zone() != "" {
			return errors.New("must have no zone")
		}
		return nil
	}
	wrong := errors.New("must be an IP address or a host name, such as 127.0.0.1 or localhost, without a port")
	if s == "" || len(s) > 253 {
		return wrong
	}
	label := ""
	for label = range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || !only(label, lower+upper+digits+"-") || label[0] == '-' || label[len(label)-1] == '-' {
			return wrong
		}
	}
	if only(label, digits) { // 127.0.0.300 is a mistyped address, not a name
		return wrong
	}
	return nil
}

var aHostName = grammar{check: checkHostName, pattern: `^((\*\.)?` + hostName + `|` + address + `)$`}

// checkHostName accepts what checkHost does and, with "*." before a name, all
// names below that.
func checkHostName(s string) error {
	name, wildcard := strings.CutPrefix(s, "*.")
	_, err := netip.ParseAddr(name)
	if checkHost(name) != nil || wildcard && err == nil {
		return errors.New("must be a host name, such as my.test or \"*.my.test\", without a port")
	}
	return nil
}

const dottedName = identifier + `(\.` + identifier + `)*`

var anApp = grammar{check: checkApp, pattern: `^` + dottedName + `:` + dottedName + `$`}

// checkApp accepts uvicorn's MODULE:ATTRIBUTE.
func checkApp(s string) error {
	module, attribute, ok := strings.Cut(s, ":")
	if !ok || !dotted(module) || !dotted(attribute) {
		return errors.New("must be MODULE:ATTRIBUTE, such as trading_api.main:app")
	}
	return nil
}

func dotted(s string) bool {
	for part := range strings.SplitSeq(s, ".") {
		if checkIdentifier(part) != nil {
			return false
		}
	}
	return true
}

const versionRange = `(>=|<=|[<>=^~v])?[0-9]{1,6}(\.([0-9]{1,6}|x|\*)){0,2}`

var aVersion = grammar{check: checkVersion, pattern: `^\s*` + versionRange + `(\s+` + versionRange + `)*\s*$`}

// checkVersion accepts a version, its beginning, or a range of them: 1.28.2,
// 1.28, 1.28.x, ^1.26, "~1.28.0", ">=1.26 <1.29".
func checkVersion(s string) error {
	wrong := errors.New("must be a version or a range, such as 1.28.2, 1.28 or \">=1.26 <1.29\"")
	words := strings.Fields(s)
	if len(words) == 0 || len(s) > 64 {
		return wrong
	}
	for _, word := range words {
		for _, operator := range []string{">=", "<=", ">", "<", "=", "^", "~", "v"} {
			if rest, ok := strings.CutPrefix(word, operator); ok {
				word = rest
				break
			}
		}
		parts := strings.Split(word, ".")
		if len(parts) > 3 {
			return wrong
		}
		for i, part := range parts {
			wildcard := i > 0 && (part == "x" || part == "*")
			if !wildcard && (part == "" || len(part) > 6 || !only(part, digits)) {
				return wrong
			}
		}
	}
	return nil
}

var aMirror = grammar{check: checkMirror, pattern: `^[Hh][Tt][Tt][Pp][Ss]?://[^/?#][^?#]*\??#?$`}

// checkMirror accepts the base URL of a web server.
func checkMirror(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("must be a URL such as https://mirror.example/nginx, without query and fragment")
	}
	return nil
}

// Paths of several kinds end alike, and a ~ that begins one is no home.
const (
	control  = `\x00-\x1f\x7f`
	pathEnd  = `[^` + control + `]*$`
	tilde    = `|^~[^/` + control + `]` + pathEnd
	relative = `^[^~/` + control + `]` + pathEnd + tilde
)

var aPath = grammar{check: checkPath, pattern: `^[^~` + control + `]` + pathEnd + tilde}

// checkPath accepts any path that a program can be handed and a person can
// read. Nothing is expanded in it.
func checkPath(s string) error {
	switch {
	case s == "":
		return errors.New("must not be empty")
	case len(s) > 1024:
		return errors.New("is longer than 1024 bytes")
	case s == "~" || strings.HasPrefix(s, "~/"):
		return errors.New("begins with ~, which is not expanded: write the whole path")
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return errors.New("holds a control character")
	}
	return nil
}

var anImage = grammar{check: checkImage, pattern: `^[A-Za-z0-9][A-Za-z0-9._/:@+-]*$`}

// checkImage accepts the characters that names of images and stages consist of.
func checkImage(s string) error {
	if s == "" || !only(s[:1], lower+upper+digits) || !only(s, lower+upper+digits+"._/:@+-") {
		return errors.New("must be letters, digits and . _ / : @ + -, beginning with a letter or a digit")
	}
	return nil
}

var aPattern = grammar{check: checkPattern, pattern: relative}

// checkPattern accepts what uvicorn takes as a pattern of files.
func checkPattern(s string) error {
	if err := checkPath(s); err != nil {
		return err
	}
	if strings.HasPrefix(s, "/") {
		return errors.New("must be relative to the folder in which the server runs")
	}
	return nil
}

const directive = `"'\\$;{}*?\[\]#` + control

var anIncludePath = grammar{check: checkIncludePath, pattern: `^([^~/` + directive + `]|~[^/` + directive + `])[^` + directive + `]*$|^~$`}

// checkIncludePath is stricter: the path is written into nginx.conf.
func checkIncludePath(s string) error {
	if err := checkPath(s); err != nil {
		return err
	}
	if strings.HasPrefix(s, "/") {
		return errors.New("must be relative to the folder of this file")
	}
	if strings.ContainsAny(s, "\"'\\$;{}*?[]#") {
		return errors.New("holds a character that nginx gives a meaning: one of \" ' \\ $ ; { } * ? [ ] #")
	}
	return nil
}

var aPrefix = grammar{check: checkPrefix, pattern: `^([A-Za-z0-9_][A-Za-z0-9._-]{0,39})?$`}

// checkPrefix accepts the beginning of a folder's name.
func checkPrefix(s string) error {
	if len(s) > maxName || s != "" && (s[0] == '.' || s[0] == '-') || !only(s, lower+upper+digits+"._-") {
		return errors.New("must be letters, digits, . _ and -, beginning with a letter, a digit or _")
	}
	return nil
}
