from fastapi import FastAPI
from app.api.main import api_router

app = FastAPI(title="x")
app.include_router(api_router, prefix=settings.API_V1_STR)
