"""Calls every operation of the shop through its generated client. Argument: the server's URL."""
import asyncio
import datetime
import io
import sys
import uuid

from clients.shop_client import Cat, Colour, Dog, Item, NotFoundError, Problem, ServerError, ShopClient, ValidationFailedError
from clients.shop_client import ApiConnectionError


async def main(url: str) -> None:
    async with ShopClient(url) as shop:
        item = await shop.get_item(3)
        assert item.id == 3 and item.schema_ == "x" and item.colour is Colour.GREEN, item
        assert item.made == datetime.date(2024, 2, 3) and item.seen and item.seen.year == 2024, item
        assert item.token == uuid.UUID(int=7) and item.prices == {"EUR": 1.5}, item
        assert isinstance(item.pet, Dog) and item.pet.tricks == ["sit"], item

        made = await shop.create_item(body=Item(id=4, made=datetime.date(2024, 1, 1), token=uuid.UUID(int=8), pet=Cat(lives=2), part_of=item, int_="i"))
        assert isinstance(made.pet, Cat) and made.pet.lives == 2, made
        assert made.part_of is not None and isinstance(made.part_of.pet, Dog) and made.int_ == "i", made

        raw = await shop.echo_raw(body={"when": datetime.date(2024, 1, 2), "pets": [Cat()]})
        assert raw == {"when": "2024-01-02", "pets": [{"kind": "cat"}]}, raw

        found = await shop.search(q="a b&c=ü", tag=["x", "y z"], colour=Colour.RED, since=datetime.date(2024, 1, 2), exact=True, from_=0,
                                  x_trace="t1", session="s/1")
        assert found == {"q": "a b&c=ü", "tag": ["x", "y z"], "colour": "red", "since": "2024-01-02", "exact": True, "from": 0, "limit": 10,
                         "trace": "t1", "session": "s/1"}, found
        assert (await shop.search(q=""))["q"] == ""

        assert await shop.read_file("a/b c/ü?.txt") == "a/b c/ü?.txt"

        sent = await shop.upload(file=("n.txt", b"hello", "text/plain"), more=[("a.bin", io.BytesIO(b"1")), b"2"], note="ä", count=3, tags=["p", "q"])
        assert sent == {"name": "n.txt", "size": 5, "type": "text/plain", "more": ["a.bin", "more"], "note": "ä", "count": 3, "tags": ["p", "q"]}, sent
        assert await shop.login(user="u&v", scopes=["a", "b"]) == {"user": "u&v", "scopes": ["a", "b"]}

        await shop.delete_item(1)
        first, second = await shop.pets()
        assert isinstance(first, Cat) and first.lives == 3 and isinstance(second, Dog)
        assert await shop.optional_body() == {"cat": None}
        assert await shop.optional_body(body=Cat(lives=1)) == {"cat": {"kind": "cat", "lives": 1}}
        assert await shop.import_("d", self_="x", timeout_=5) == ["d", "x", 5]

        try:
            await shop.get_item(404)
            raise AssertionError("no error")
        except NotFoundError as error:
            assert error.status_code == 404 and isinstance(error.body, Problem) and error.body.detail == "no such item"
            assert "no such item" in str(error), error
        try:
            await shop.get_item(500)
            raise AssertionError("no error")
        except ServerError as error:
            assert error.status_code == 503
        try:
            await shop.create_item(body=getattr(Item, "model_construct", Item.construct)(id=1))
            raise AssertionError("no error")
        except ValidationFailedError as invalid:
            assert invalid.body.detail and invalid.body.detail[0].msg, invalid.body
    try:
        async with ShopClient("http://127.0.0.1:9") as nowhere:
            await nowhere.pets()
        raise AssertionError("no error")
    except ApiConnectionError as error:
        assert "127.0.0.1:9" in str(error)


asyncio.run(main(sys.argv[1]))
print("ok")
