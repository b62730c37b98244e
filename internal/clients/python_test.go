package clients

import (
	"path/filepath"
	"strings"
	"testing"

	"muster/internal/apidoc"
	"muster/internal/apitest"
)

func TestPythonClientOfEveryKind(t *testing.T) {
	t.Parallel()
	d, err := apidoc.Load("testdata/kinds/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	m := pyModule{Name: "kinds", BaseURL: "http://127.0.0.1:8001"}
	// What does not depend on the document is left out.
	body := string(pythonClient(t, d, m))
	models := body[strings.Index(body, "\n\nclass Size("):strings.Index(body, "    async def _send(")]
	golden(t, "kinds_client.py.golden", []byte(models))

	again, err := apidoc.Load("testdata/kinds/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if string(pythonClient(t, again, m)) != body {
		t.Error("the same document gave other bytes")
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "kinds_client.py"), body)
	write(t, filepath.Join(dir, "use.py"), useKinds)
	apitest.Mypy(t, dir, "kinds_client.py", "use.py")
	if out := apitest.Run(t, dir, apitest.Python(t), "use.py"); out != "ok\n" {
		t.Error(out)
	}
}

// useKinds calls a client whose requests go nowhere.
const useKinds = `import asyncio
import datetime
import json
import uuid

import httpx

from kinds_client import ApiError, Cat, FormItemsItem, Dog, KindsClient, Problem, Range, RangeLinks, Size

seen: httpx.Request


def answer(request: httpx.Request) -> httpx.Response:
    global seen
    seen = request
    path = request.url.path
    if path == "/api/v1/pets/1":
        return httpx.Response(200, json={"kind": "hound", "name": "Rex", "size": "very large", "tags": {"a": ["b"]},
                                         "parent": {"kind": "cat", "name": "Tom", "lives": 3}})
    if path == "/api/v1/pets/2":
        return httpx.Response(418, json={"detail": {"deep": [1, None]}, "more": 1})
    if path == "/api/v1/noid":
        return httpx.Response(200, json=[1, "x"])
    if path.startswith("/api/v1/styles"):
        return httpx.Response(200, text="styled")
    return httpx.Response(200, content=b"\x00")


async def main() -> None:
    async with KindsClient(headers={"Authorization": "t"}, client=httpx.AsyncClient(transport=httpx.MockTransport(answer))) as kinds:
        pet = await kinds.getPet(1, verbose=True)
        assert isinstance(pet, Dog) and pet.kind == "hound" and pet.size is Size.VERY_LARGE and isinstance(pet.parent, Cat), pet
        assert seen.url.query == b"verbose=true" and seen.headers["authorization"] == "t"
        await kinds.put_pet(3, body=Cat(kind="cat", name="Tom", lives=9, parent=None))
        assert json.loads(seen.content) == {"kind": "cat", "name": "Tom", "lives": 9, "parent": None}, seen.content
        await kinds.put_pet(3, body=Cat(name="Tom", lives=9))
        assert json.loads(seen.content) == {"kind": "cat", "name": "Tom", "lives": 9}, seen.content
        try:
            await kinds.getPet(2, verbose=False)
            raise AssertionError("no error")
        except ApiError as error:
            assert error.status_code == 418 and isinstance(error.body, Problem) and error.body.detail == {"deep": [1, None]}, error.body
        deep = Range(gte=5, at=datetime.datetime(2024, 1, 2, 3), day=datetime.date(2024, 1, 2), id=uuid.UUID(int=1), Size_=Size.CLASS,
                     links=RangeLinks(**{"self_": "u", "other": "1"}))  # it is open for more
        text = await kinds.styles([1, 2], ["a", "b/c"], "m", comma=["x", "y"], pipe=["p", "q"], deep=deep, as_json=Range(gte="s"), X_Ids=[3, 4], comma_cookie="c")
        assert text == "styled"
        assert seen.url.raw_path.split(b"?")[0] == b"/api/v1/styles/1,2/.a.b%2Fc/;matrix=m", seen.url.raw_path
        query = dict(seen.url.params.multi_items())
        assert query["comma"] == "x,y" and query["pipe"] == "p|q", query
        assert query["deep[gte]"] == "5" and query["deep[_links][self]"] == "u" and query["deep[Size]"] == "class", query
        assert query["deep[model_config]"] == "fixed" and json.loads(query["as-json"]) == {"gte": "s", "model_config": "fixed"}, query
        assert seen.headers["x-ids"] == "3,4" and seen.headers["cookie"] == "comma=c", seen.headers
        assert await kinds.upload(file=b"1", note=None) == b"\x00"
        assert b'name="file"; filename="file"' in seen.content and b'name="note"' not in seen.content
        await kinds.form(amount=1, items=[FormItemsItem(sku="s")], metadata={"k": "v"})
        assert seen.content == b"amount=1&items%5B0%5D%5Bsku%5D=s&metadata%5Bk%5D=v", seen.content
        assert await kinds.post_noid(body="a,b") == (1, "x")
        assert seen.headers["content-type"] == "text/csv" and seen.content == b"a,b"


asyncio.run(main())
print("ok")
`
