"""The API's description and its reference page, served from here: it works without the internet."""

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from ..guard import Open
from .frame import frame, page

router = APIRouter(include_in_schema=False, dependencies=[Depends(Open("the description of the API holds no data"))])


@router.get("/openapi.json")
def description(request: Request) -> Response:
    """OpenAPI 3.1."""
    return JSONResponse(request.app.openapi())


@router.get("/docs")
def reference(request: Request) -> Response:
    """Swagger UI over the description."""
    return page(request, "reference", frame(request, "API reference"))
