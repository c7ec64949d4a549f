"""Forms: page by page to an order. The wire protocol is described in docs/forms.md."""

from fastapi import APIRouter, Request, Response

from trunkline.access import Role
from trunkline.routes.authentication import Authenticated, Where, needs
from trunkline.routes.forms.schemas import FormIn, FormOut
from trunkline.routes.runs.schemas import RunOut

router = APIRouter(prefix="/forms", tags=["forms"])


@router.post(
    "/{workflow}",
    summary="Fill in a form",
    responses={202: {"model": RunOut, "description": "The last page was accepted: the order is placed"}},
    dependencies=[needs(Role.OPERATOR, Where.ANYWHERE)],
)
async def fill_in(
    request: Request, caller: Authenticated, workflow: str, response: Response, body: FormIn
) -> FormOut | RunOut:
    """Send the pages filled in so far; the answer is the next page, or the run when there is none."""
    # pydantic-forms is loaded where it is needed: it takes a fifth of the service's start.
    from trunkline.routes.forms import service  # noqa: PLC0415

    answer = await service.fill_in(request, caller, workflow, body)
    if isinstance(answer, RunOut):
        response.status_code = 202
        response.headers["Location"] = f"/api/v1/runs/{answer.id}"
    return answer
