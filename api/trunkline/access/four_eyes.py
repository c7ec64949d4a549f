"""The one place that decides whether somebody may approve a run: what is approved was looked at by a second person."""

from trunkline.access.caller import Caller
from trunkline.db.models import Run
from trunkline.errors import Forbidden


def must_not_be_own(caller: Caller, run: Run, *, four_eyes: bool) -> None:
    """Raises Forbidden where the policy is on and the caller ordered the run. Roles were looked at before."""
    if four_eyes and caller.name == run.created_by:
        raise Forbidden(f"{caller.name} ordered run {run.id}: somebody else approves it (TRUNKLINE_FOUR_EYES).")
