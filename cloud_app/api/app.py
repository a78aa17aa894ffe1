"""The HTTP side of the portal; everything that is no page goes through here."""

from fastapi import FastAPI

from cloud_app.api import login

api = FastAPI(title="Madang", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
api.include_router(login.router)
