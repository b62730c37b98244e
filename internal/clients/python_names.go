package clients

import (
	"strings"
	"unicode"
)

// pyWords are the names that a generated name must not take: Python's
// keywords (docs.python.org: Lexical analysis) and builtins, and what the
// template imports and defines.
const pyWords = ` False None True and as assert async await break class continue def del elif else except finally for
from global if import in is lambda nonlocal not or pass raise return try while with yield match case type
str int float bool bytes dict list set tuple object print len isinstance getattr property super self
Exception BaseException Warning ValueError TypeError
datetime uuid json httpx pydantic enum quote cast Any AsyncIterator Dict IO List Literal Mapping Optional
Sequence Tuple Type Union Field BaseModel Enum TracebackType annotations File
ApiError BadRequestError UnauthorizedError ForbiddenError NotFoundError ConflictError ValidationFailedError
TooManyRequestsError ServerError ApiConnectionError ApiDecodeError
Unset Model TypeVar `

// pyFields are attributes of pydantic's BaseModel, in version 1 or 2, that a
// field must not hide (docs.pydantic.dev: BaseModel).
const pyFields = ` schema schema_json json dict copy construct fields validate parse_obj parse_raw parse_file from_orm
update_forward_refs Config model_config model_fields model_computed_fields model_extra model_fields_set
model_construct model_copy model_dump model_dump_json model_json_schema model_parametrized_name model_post_init
model_rebuild model_validate model_validate_json model_validate_strings `

func isWord(words, name string) bool {
	i := strings.Index(words, name)
	for i >= 0 {
		end := i + len(name)
		if i > 0 && isSpace(words[i-1]) && end < len(words) && isSpace(words[end]) {
			return true
		}
		next := strings.Index(words[end:], name)
		if next < 0 {
			return false
		}
		i = end + next
	}
	return false
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' }

// identifier keeps letters, digits and underscores of ASCII.
func identifier(s, ifEmpty string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '_' || r < 128 && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
	}
	name := strings.Trim(b.String(), "_")
	if strings.HasSuffix(s, "_") && name != "" && name+"_" == s {
		name = s
	}
	if name == "" {
		return ifEmpty
	}
	if name[0] >= '0' && name[0] <= '9' {
		return ifEmpty + "_" + name
	}
	return name
}

// className turns a schema's name into a class's: simple-user is SimpleUser.
// A name that is one already stays as it is.
func className(s string) string {
	parts := strings.FieldsFunc(s, func(r rune) bool {
		return r >= 128 || r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(strings.ToUpper(p[:1]) + p[1:])
	}
	name := strings.TrimLeft(b.String(), "_")
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		return "Model" + name
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

// camelClass is className that also joins at underscores: market_data is
// MarketData, as in MarketDataClient.
func camelClass(s string) string {
	var b strings.Builder
	for _, p := range strings.FieldsFunc(s, func(r rune) bool { return r == '_' || r == '-' || r == '.' || r == ' ' }) {
		b.WriteString(className(p))
	}
	if b.Len() == 0 {
		return "Api"
	}
	return b.String()
}

// pyString is a Python string literal.
func pyString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f:
			const hex = "0123456789abcdef"
			b.WriteString(`\x` + string(hex[r>>4]) + string(hex[r&15]))
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// pyDoc makes text safe within a docstring, its lines indented.
func pyDoc(s, indent string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), `"""`, `\"\"\"`)
	lines := strings.Split(strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n"), "\n")
	for i, l := range lines {
		l = strings.TrimRight(strings.Map(printable, l), " \t")
		if l != "" && i > 0 {
			l = indent + l
		}
		lines[i] = l
	}
	out := strings.TrimSpace(strings.Join(lines, "\n"))
	if strings.HasSuffix(out, `"`) {
		out = out[:len(out)-1] + `\"`
	}
	return out
}

// pyComment is text on one line.
func pyComment(s string) string {
	const most = 160 // longer ones say little that the document does not say better
	s = strings.Join(strings.Fields(strings.Map(printable, s)), " ")
	if r := []rune(s); len(r) > most {
		s = strings.TrimSpace(string(r[:most])) + " ..."
	}
	return s
}

func printable(r rune) rune {
	if r == '\t' || r == '\n' || r >= ' ' && r != 0x7f && r != 0xfeff && r != 0x2028 && r != 0x2029 {
		return r
	}
	return -1
}
