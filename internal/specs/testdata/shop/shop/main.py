"""An application with every kind of parameter and body that FastAPI describes."""
import datetime
import enum
import uuid
from typing import Dict, List, Optional, Union

from fastapi import Body, Cookie, FastAPI, File, Form, Header, HTTPException, Path, Query, Response, UploadFile
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field

try:
    from typing import Annotated, Literal
except ImportError:
    from typing_extensions import Annotated, Literal

# Old versions of FastAPI have one schema for in and out, and ignore the last argument.
app = FastAPI(title="Shop", description='A shop, "for tests".', separate_input_output_schemas=False)


class Colour(str, enum.Enum):
    red = "red"
    green = "green"
    none = "None"


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    tricks: List[str] = []


class Item(BaseModel):
    """A thing to buy."""

    id: int = Field(..., description='Its "number"\nin the shop')
    schema_: str = Field("plain", alias="schema")
    colour: Optional[Colour] = None
    made: datetime.date
    seen: Optional[datetime.datetime] = None
    token: uuid.UUID
    prices: Dict[str, float] = {}
    pet: Annotated[Union[Cat, Dog], Field(discriminator="kind")]
    part_of: Optional["Item"] = None
    int: Optional[str] = None


Item.update_forward_refs() if not hasattr(Item, "model_rebuild") else Item.model_rebuild()


class Problem(BaseModel):
    detail: str


@app.get("/shop/items/{item_id}", operation_id="get_item", response_model=Item, responses={404: {"model": Problem}}, tags=["items"])
def get_item(item_id: int = Path(..., description="Which")):
    """One item.

    Says \\ and \"\"\" for fun.
    """
    if item_id == 404:
        raise HTTPException(404, "no such item")
    if item_id == 500:
        raise HTTPException(503, "later")
    return Item(id=item_id, schema="x", colour="green", made="2024-02-03", seen="2024-02-03T04:05:06Z", token=uuid.UUID(int=7),
                prices={"EUR": 1.5}, pet=Dog(tricks=["sit"]))


@app.post("/shop/items", operation_id="create_item", status_code=201, response_model=Item, tags=["items"])
def create_item(item: Item):
    return item


@app.put("/shop/raw", operation_id="echo_raw", tags=["items"])
def echo_raw(body: dict = Body(...)):
    return body


@app.get("/shop/search", operation_id="search", tags=["items"])
def search(
    q: str,
    tag: List[str] = Query([]),
    colour: Optional[Colour] = None,
    since: Optional[datetime.date] = None,
    exact: bool = False,
    from_: Optional[int] = Query(None, alias="from"),
    limit: int = 10,
    x_trace: Optional[str] = Header(None),
    session: Optional[str] = Cookie(None),
):
    return {"q": q, "tag": tag, "colour": colour, "since": since, "exact": exact, "from": from_, "limit": limit, "trace": x_trace,
            "session": session}


@app.get("/shop/files/{name:path}", operation_id="read_file", response_class=PlainTextResponse, tags=["files"])
def read_file(name: str):
    return name


@app.post("/shop/upload", operation_id="upload", tags=["files"])
async def upload(file: UploadFile, more: List[UploadFile] = File([]), note: str = Form(...), count: int = Form(1), tags: List[str] = Form([])):
    return {"name": file.filename, "size": len(await file.read()), "type": file.content_type, "more": [f.filename for f in more],
            "note": note, "count": count, "tags": tags}


@app.post("/shop/login", operation_id="login", tags=["files"])
def login(user: str = Form(...), scopes: List[str] = Form([])):
    return {"user": user, "scopes": scopes}


@app.delete("/shop/items/{item_id}", operation_id="delete_item", status_code=204, response_class=Response, tags=["items"])
def delete_item(item_id: int):
    return Response(status_code=204)


@app.get("/shop/pets", operation_id="pets", response_model=List[Union[Cat, Dog]], tags=["items"])
def pets():
    return [Cat(lives=3), Dog()]


@app.post("/shop/optional", operation_id="optional_body", tags=["items"])
def optional_body(cat: Optional[Cat] = None):
    return {"cat": cat}


@app.get("/shop/class/{def}", operation_id="import", tags=["items"])
def keyword(def_: str = Path(..., alias="def"), self: str = "s", timeout: int = 1):
    return [def_, self, timeout]
