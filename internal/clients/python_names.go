package clients

import (
	"strings"
	"sync"
)

// pyWords are the names that a generated name must not take: Python's
// keywords (docs.python.org: Lexical analysis) and builtins, and what the
// template imports and defines.
const pyWords = ` False None True and as assert async await break class continue def del elif else except finally for
from global if import in is lambda nonlocal not or pass raise return try while with yield match case type
str int float bool bytes dict list set tuple object print len isinstance getattr property super self
Exception BaseException Warning ValueError TypeError
datetime uuid json httpx pydantic enum quote cast Any AsyncIterator Dict IO List Literal Mapping Optional
Sequence Tuple Type Union Callable Field BaseModel Enum TracebackType annotations File
ApiError BadRequestError UnauthorizedError ForbiddenError NotFoundError ConflictError ValidationFailedError
TooManyRequestsError ServerError ApiConnectionError ApiDecodeError
Unset Model TypeVar `

// pyFields are attributes of pydantic's BaseModel, in version 1 or 2, that a
// field must not hide (docs.pydantic.dev: BaseModel).
const pyFields = ` schema schema_json json dict copy construct fields validate parse_obj parse_raw parse_file from_orm
update_forward_refs Config model_config model_fields model_computed_fields model_extra model_fields_set
model_construct model_copy model_dump model_dump_json model_json_schema model_parametrized_name model_post_init
model_rebuild model_validate model_validate_json model_validate_strings `

var (
	isPyWord    = wordsOf(pyWords)
	isModelWord = wordsOf(pyFields)
)

// wordsOf makes of words, when it is first asked, what tells whether a name is one of them.
func wordsOf(words string) func(string) bool {
	set := sync.OnceValue(func() map[string]bool {
		m := map[string]bool{}
		for word := range strings.FieldsSeq(words) {
			m[word] = true
		}
		return m
	})
	return func(name string) bool { return set()[name] }
}
