package config

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// The readers below leave *into alone when nothing is said, so that it keeps
// its default, and when what is said is wrong.

// scalar returns the text of a value of one word, or reports that it is none.
func (d *decoder) scalar(v value, expected string) (text string, ok bool) {
	switch {
	case !v.set():
		return "", false
	case d.unset[v.node]:
		if err := d.broken[v.node]; err != nil {
			d.reportAt(place(v.node), "", "%s %s", tick(v.node.Value), err)
		}
		return "", false
	case v.null():
		d.reportAt(v.at, "", "%s is empty: it must be %s; remove the key for the default", v.path, expected)
		return "", false
	case v.node.Kind != yaml.ScalarNode:
		d.report(v, "%s must be %s, not %s", v.path, expected, describe(v.node))
		return "", false
	}
	switch tag := v.node.ShortTag(); tag {
	case "!!str", "!!int", "!!float", "!!bool", "!!timestamp", "!!merge":
		return v.node.Value, true
	default:
		d.report(v, "%s has the tag %s, which is not supported", v.path, tick(tag))
		return "", false
	}
}

// str reads a string that check accepts.
func (d *decoder) str(v value, into *string, expected string, of grammar) {
	d.asked.text(v, *into, expected, of)
	text, ok := d.scalar(v, expected)
	if !ok {
		return
	}
	if tag := v.node.ShortTag(); tag != "!!str" && tag != "!!timestamp" && tag != "!!merge" {
		d.suggest(v, strconv.Quote(text), "%s must be %s, not %s", v.path, expected, describe(v.node))
		return
	}
	d.accept(v, text, into, of)
}

// word is str for a value that may look like a number, such as a version.
func (d *decoder) word(v value, into *string, expected string, of grammar) {
	d.asked.word(v, *into, expected, of)
	if text, ok := d.scalar(v, expected); ok {
		d.accept(v, text, into, of)
	}
}

func (d *decoder) accept(v value, text string, into *string, of grammar) {
	if err := of.check(text); err != nil {
		if text == "" {
			d.report(v, "%s is empty: it %s", v.path, err)
			return
		}
		d.report(v, "%s is %s: it %s", v.path, tick(text), err)
		return
	}
	*into = text
}

// choice reads one of a few words.
func (d *decoder) choice(v value, into *string, choices ...string) {
	d.asked.choice(v, *into, choices)
	expected := "one of " + list(choices)
	text, ok := d.scalar(v, expected)
	if !ok {
		return
	}
	if slices.Contains(choices, text) {
		*into = text
		return
	}
	d.suggest(v, Nearest(text, choices), "%s is %s: it must be %s", v.path, tick(text), expected)
}

// boolean reads true or false.
func (d *decoder) boolean(v value, into *bool) {
	d.asked.boolean(v, *into)
	text, ok := d.scalar(v, "true or false")
	if !ok {
		return
	}
	if v.node.ShortTag() == "!!bool" {
		*into = strings.EqualFold(text, "true")
		return
	}
	suggestion := ""
	switch strings.ToLower(text) {
	case "yes", "on", "1", "true":
		suggestion = "true"
	case "no", "off", "0", "false":
		suggestion = "false"
	}
	d.suggest(v, suggestion, "%s must be true or false, not %s", v.path, describe(v.node))
}

// integer reads a decimal number from low to high.
func (d *decoder) integer(v value, into *int, low, high int) {
	d.asked.integer(v, *into, low, high)
	text, ok := d.scalar(v, "a whole number")
	if !ok {
		return
	}
	n, err := strconv.Atoi(text)
	plain := err == nil && strconv.Itoa(n) == text
	switch tag := v.node.ShortTag(); {
	case tag == "!!str" && plain:
		d.suggest(v, text, "%s must be a whole number, not %s", v.path, describe(v.node))
	case tag == "!!int" && !plain && only(strings.TrimLeft(text, "-+"), digits):
		d.report(v, "%s is %s: it must be %d to %d, without leading zeros or +", v.path, tick(text), low, high)
	case tag != "!!int" || !plain:
		d.report(v, "%s must be a whole number in decimal digits, not %s", v.path, describe(v.node))
	case n < low || n > high:
		d.report(v, "%s is %d: it must be %d to %d", v.path, n, low, high)
	default:
		*into = n
	}
}

// Ports below 1024 need root, and the development setup never runs as root.
const (
	lowPort  = 1024
	highPort = 65535
)

func (d *decoder) port(v value, into *int) { d.integer(d.mark(v), into, lowPort, highPort) }

// duration reads a number with a unit.
func (d *decoder) duration(v value, into *time.Duration, low, high time.Duration) {
	const expected = "a duration with its unit, such as 500ms, 3s or 1m30s"
	d.asked.duration(v, *into, low, high, expected)
	text, ok := d.scalar(v, expected)
	if !ok {
		return
	}
	parsed, err := time.ParseDuration(text)
	switch {
	case isNumber(v.node):
		d.suggest(v, text+"s", "%s is %s without a unit: it must be %s", v.path, tick(text), expected)
	case err != nil:
		suggestion := ""
		if squeezed := strings.ReplaceAll(text, " ", ""); squeezed != text {
			if _, err := time.ParseDuration(squeezed); err == nil {
				suggestion = squeezed
			}
		}
		d.suggest(v, suggestion, "%s is %s: it must be %s", v.path, tick(text), expected)
	case parsed < low || parsed > high:
		d.report(v, "%s is %s: it must be %s to %s", v.path, text, low, high)
	default:
		*into = parsed
	}
}

// isNumber tells of a number without a unit, in quotes or not.
func isNumber(n *yaml.Node) bool {
	_, err := strconv.ParseFloat(n.Value, 64)
	return err == nil
}

// sizeUnits are the units of a size, the largest of each family first.
var sizeUnits = [...]struct {
	name  string
	bytes int64
}{
	{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"B", 1},
}

// size reads a number of bytes with its unit, or 0.
func (d *decoder) size(v value, into *int64, low, high int64) {
	const expected = "a size with its unit, such as 10MB or 512KiB, or 0"
	d.asked.size(v, *into, low, high, expected)
	text, ok := d.scalar(v, expected)
	if !ok {
		return
	}
	if text == "0" {
		*into = 0
		return
	}
	if isNumber(v.node) {
		d.suggest(v, text+"MB", "%s is %s without a unit: it must be %s", v.path, tick(text), expected)
		return
	}
	n, ok := parseSize(text)
	switch {
	case !ok:
		d.report(v, "%s is %s: it must be %s", v.path, tick(text), expected)
	case n != 0 && (n < low || n > high):
		d.report(v, "%s is %s: it must be %s to %s, or 0", v.path, tick(text), formatSize(low), formatSize(high))
	default:
		*into = n
	}
}

func parseSize(s string) (int64, bool) {
	i := 0
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	n, err := strconv.ParseInt(s[:i], 10, 64)
	if err != nil {
		return 0, false
	}
	unit := strings.TrimLeft(s[i:], " ")
	for _, u := range sizeUnits {
		if strings.EqualFold(unit, u.name) {
			const most = 1 << 62
			return n * u.bytes, n <= most/u.bytes
		}
	}
	return 0, false
}

// formatSize writes bytes in the largest unit that divides them.
func formatSize(n int64) string {
	if n == 0 {
		return "0"
	}
	for _, u := range sizeUnits {
		if n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10) + "B"
}

// describe names what stands in the file, for "must be ..., not ...".
func describe(n *yaml.Node) string {
	if n == nil {
		return "nothing"
	}
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	switch n.ShortTag() {
	case "!!null":
		return "nothing"
	case "!!int", "!!float":
		return "the number " + tick(n.Value)
	case "!!bool":
		return tick(n.Value)
	case "!!str":
		return "the text " + tick(n.Value)
	}
	return tick(n.Value)
}

// name is a path for a message; the empty one is the file itself.
func name(path string) string {
	if path == "" {
		return "the file"
	}
	return path
}

// tick quotes a word of the file for a message.
func tick(s string) string { return "`" + shown(s) + "`" }

// shown makes a word of the file fit for a message: on one line, without
// control characters, and not too long.
func shown(s string) string {
	const most = 60
	if len(s) > most && utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most]) + "…"
	}
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		s = strings.Trim(strconv.Quote(s), `"`)
	}
	return s
}

// list joins words for a message.
func list(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = tick(w)
	}
	return strings.Join(quoted, ", ")
}
