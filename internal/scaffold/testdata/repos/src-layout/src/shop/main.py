import fastapi


def build(settings: str = "x") -> fastapi.FastAPI:
    """Makes it."""

    application = fastapi.FastAPI()
    application.include_router(r, prefix="/orders")
    return application
