package clients

import (
	"path/filepath"
	"testing"

	"muster/internal/apidoc"
	"muster/internal/apitest"
)

func TestNothingThatADocumentSaysIsLost(t *testing.T) {
	t.Parallel()
	d, err := apidoc.Load("testdata/modelled/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	useClient(t, d, "modelled", useModelled)
}

// useClient generates a client, type-checks it beside the program that uses it,
// and runs that: it prints ok.
func useClient(t *testing.T, d apidoc.Document, name, program string) {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, name+"_client.py"), string(pythonClient(t, d, pyModule{Name: name, BaseURL: "http://127.0.0.1:8001"})))
	write(t, filepath.Join(dir, "use.py"), program)
	apitest.Mypy(t, dir, name+"_client.py", "use.py")
	if out := apitest.Run(t, dir, apitest.Python(t), "use.py"); out != "ok\n" {
		t.Error(out)
	}
}

const useModelled = `import asyncio
import json
from typing import Any, Dict, List, Tuple

import httpx

from modelled_client import ApiDecodeError, Both, Cat, Compare, Dog, Event, FilesAttributes, FilesSeveralItem, Ids, Login, ModelledClient, Nested, Puppy, User

answers: List[Any] = []
seen: List[httpx.Request] = []


def answer(request: httpx.Request) -> httpx.Response:
    seen.append(request)
    return httpx.Response(200, json=answers.pop()) if answers else httpx.Response(204)


def parts() -> Dict[str, List[Tuple[str, bytes]]]:
    request = seen[-1]
    mark = request.headers["content-type"].split("boundary=")[1].encode()
    found: Dict[str, List[Tuple[str, bytes]]] = {}
    for part in request.content.split(b"--" + mark)[1:-1]:
        head, _, body = part[2:].partition(b"\r\n\r\n")
        key = head.split(b'name="')[1].split(b'"')[0].decode()
        kind = [line.split(b": ")[1].decode() for line in head.split(b"\r\n") if line.lower().startswith(b"content-type")]
        found.setdefault(key, []).append((kind[0] if kind else "", body[:-2]))
    return found


async def main() -> None:
    async with ModelledClient(client=httpx.AsyncClient(transport=httpx.MockTransport(answer))) as client:
        answers.append({"id": "1", "by": "x", "kind": "by"})
        event = await client.event(body=Event(id="2", to="y", kind="to"))
        assert (event.id, event.by, event.to, event.kind) == ("1", "x", None, "by"), event
        assert json.loads(seen[-1].content) == {"id": "2", "to": "y", "kind": "to"}
        answers.append({"q": "a", "to": "b", "kind": "to"})
        nested = await client.nested(body=Nested(q="q", by="z", kind="by"))
        assert (nested.q, nested.to) == ("a", "b") and json.loads(seen[-1].content) == {"q": "q", "by": "z", "kind": "by"}

        answers.append({"q": "x"})
        got = await client.filter(Filter_="x")
        assert got.q == "x" and seen[-1].url.query == b"Filter=x" and seen[-1].headers["accept"] == "application/json"
        answers.append({"q": "z"})
        assert (await client.filter2(Filter_="x")).q == "z" and seen[-1].url.path == "/v1/filter"
        answers.append({"q": "y"})
        assert (await client.Filter_()).q == "y" and seen[-1].headers["accept"] == "application/json"

        answers.append({"kind": "cat", "name": "Tom", "lives": 9, "friend": {"kind": "Puppy", "name": "Rex", "bone": "b", "months": 2}})
        animal = await client.animal("1")
        assert isinstance(animal, Cat) and animal.lives == 9 and isinstance(animal.friend, Puppy) and animal.friend.months == 2, animal
        answers.append({"kind": "Dog", "name": "Rex", "bone": "b"})
        assert isinstance(await client.animal("1"), Dog)
        answers.append({"kind": "bird", "name": "Ada"})
        assert (await client.animal("1")).name == "Ada"
        answers.append([{"type": "ne"}, {"type": "or"}])
        one, two = await client.conditions()
        assert isinstance(one, Compare) and isinstance(two, Both) and one.type_ == "ne", (one, two)

        answers.append({"id": 7, "name": "n", "maybe": None})
        user = await client.user(body=User(name="n", password="p"))
        assert user.id + 1 == 8 and user.password is None
        assert json.loads(seen[-1].content) == {"name": "n", "password": "p"} and seen[-1].headers["content-type"] == "application/json"
        answers.append({})
        try:
            await client.login(body=Login(password="p"))
            raise AssertionError("a session without a token")
        except ApiDecodeError:
            pass
        try:
            Login(**{})
            raise AssertionError("a login without a password")
        except ValueError:
            pass
        answers.append({"id": "y"})
        ids = await client.ids(body=Ids(id_2="x"))
        assert ids.id == "y" and ids.id_2 is None and json.loads(seen[-1].content) == {"_id": "x"}, (ids, seen[-1].content)

        await client.files(attributes=FilesAttributes(name="n"), png=b"\x89P", bytes_=b"z", coded="aGk=", rows="a,b", note="hi",
                           several=[FilesSeveralItem(n=1), FilesSeveralItem(n=2)], fields={"x": 1, "y": {"z": 2}})
        assert str(seen[-1].url) == "https://upload.example.com/v2/files", seen[-1].url
        assert parts() == {
            "attributes": [("application/json", b'{"name": "n"}')],
            "several": [("application/json", b'{"n": 1}'), ("application/json", b'{"n": 2}')],
            "png": [("image/png", b"\x89P")], "bytes": [("application/zip", b"z")], "coded": [("", b"aGk=")],
            "rows": [("text/csv", b"a,b")], "note": [("", b"hi")], "x": [("", b"1")], "y": [("application/json", b'{"z": 2}')],
        }, parts()
        await client.beside(fields={"a": "b", "c": "d"})
        assert str(seen[-1].url) == "http://127.0.0.1:8001/v3/beside" and seen[-1].content == b"a=b&c=d"
        await client.simple({"x": 1, "y": 2}, X_Point={"x": 1}, X_Pairs={"x": 1, "y": 2}, plain="p")
        assert seen[-1].url.raw_path == b"/v1/simple/x,1,y,2?plain=p", seen[-1].url.raw_path
        assert (seen[-1].headers["x-point"], seen[-1].headers["x-pairs"]) == ("x,1", "x=1,y=2")
        answers.append([{"x": "1"}, {"y": "2"}, {"z": "3"}, {"w": ["a", 1]}, {"q": "4", "more": "5"}])
        assert [type(x).__name__ for x in await client.names()] == ["Callable2", "Secret", "ApiError2", "Awaitable", "Beside"]


asyncio.run(main())
print("ok")
`
