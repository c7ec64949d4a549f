"""The stages of a run. Each begins by reading the run, works, and ends by writing what came of it and queueing the next
stage, in one transaction; so each may be begun again after a crash."""

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.db.history import acting
from trunkline.db.models import Lifecycle, Run, RunStatus, RunTarget, Step
from trunkline.db.session import SessionMaker
from trunkline.lifecycle import move
from trunkline.runs import breakdown, outcome, planned
from trunkline.runs.calls import call_of
from trunkline.runs.ending import finish, give_up
from trunkline.runs.events import Progress, known_secrets, secrets_in
from trunkline.runs.launch.contract import Call, Ending, Launcher, LaunchError, Stop
from trunkline.runs.lease import Lease
from trunkline.runs.patience import write
from trunkline.runs.queue import STAGE_OF, defer, still_ours
from trunkline.runs.record import add_note, lock_run, now, set_status
from trunkline.runs.recorder import Recorder, SupersededError
from trunkline.runs.sweep import sweep
from trunkline.settings import Settings
from trunkline.telemetry.logs import about
from trunkline.telemetry.measure import measure
from trunkline.telemetry.traces import span

logger = logging.getLogger(__name__)


@dataclass
class Engine:
    """What the stages need; one a worker."""

    settings: Settings
    sessions: SessionMaker
    threads: ThreadPoolExecutor
    launcher: Launcher
    lease: Lease
    stops: dict[uuid.UUID, tuple[str, Stop]] = field(default_factory=dict)

    def stop(self, run_id: uuid.UUID, stage: str | None) -> None:
        """Stop the playbook of this stage of the run, if it runs here; a later stage is not what was meant."""
        running, stop = self.stops.get(run_id, (None, None))
        if stop is not None and running == stage:
            stop.cancel()

    @contextmanager
    def stoppable(self, run_id: uuid.UUID, stage: str) -> Iterator[Stop]:
        """A flag that `stop` sets, while the block runs."""
        mine = (stage, Stop())
        self.stops[run_id] = mine
        try:
            yield mine[1]
        finally:
            if self.stops.get(run_id) is mine:
                del self.stops[run_id]


@dataclass(frozen=True)
class _Work:
    """One beginning of a stage."""

    run_id: uuid.UUID
    stage: str
    attempt: int
    call: Call | None
    launch: str  # under which name a launcher finds again what was launched
    subscription_id: uuid.UUID | None
    cancelled: bool = False


async def run_stage(engine: Engine, run_id: uuid.UUID, stage: str, job: int) -> None:
    """Do one stage of the run, unless the run has moved on without it, or another worker has been given the job.

    Errors that pass are raised, and the stage is begun again later; a fault of ours ends the run.
    """
    # What is launched without the lease ends at once.
    await engine.lease.until_held()
    attempt: int | None = None

    def begun(work: _Work) -> None:
        nonlocal attempt
        attempt = work.attempt

    with about(run=run_id, stage=stage):
        try:
            await _carry_out(engine, run_id, stage, job, begun)
        except Exception as error:
            if breakdown.passes(error):
                raise
            logger.exception("run %s: stage %s has a fault", run_id, stage)
            await breakdown.report(engine.sessions, run_id, stage, attempt, error)


async def _carry_out(engine: Engine, run_id: uuid.UUID, stage: str, job: int, begun: Callable[[_Work], None]) -> None:
    began = time.monotonic()
    # Stoppable before it begins: a cancel comes either early enough to be read there, or late enough to set the flag.
    with engine.stoppable(run_id, stage) as stop:
        work = await _begin(engine, run_id, stage, job)
        if work is None:
            return
        begun(work)
        if work.cancelled:
            stop.cancel()
        try:
            with about(subscription=work.subscription_id), span(stage, run_id, attempt=work.attempt):
                logger.info("attempt %s begins", work.attempt)
                result = await _do(engine, work, stop)
                logger.info("attempt %s ended: %s", work.attempt, _said(result))
        except SupersededError:
            logger.warning("run %s was taken over by another worker; this one lets go", run_id)
            return
        except asyncio.CancelledError:
            await _put_back(engine, work)
            raise
    seconds = time.monotonic() - began
    await write(engine.sessions, engine.lease, lambda session: _end(engine, session, work, result, seconds))


def _said(result: outcome.Result | None) -> object:
    return "its playbook was killed" if result is None else (result.error or {}).get("title", "well")


async def _end(
    engine: Engine, session: AsyncSession, work: _Work, result: outcome.Result | None, seconds: float
) -> None:
    """Write what came of the stage after so long; None: its playbook was killed, and the stage is begun again."""
    run = await lock_run(session, work.run_id)
    if run.attempt != work.attempt or STAGE_OF.get(run.status) != work.stage:
        logger.warning("run %s has moved on without this worker; what it found is dropped", work.run_id)
        return
    await acting(session, run.approved_by or run.created_by, run.id)
    if result is None:
        await add_note(session, run, "The playbook was killed; the stage is begun again.")
        await defer(session, run)
        return
    run.stage_attempts, run.launch = 0, None
    if result.unfinished:
        await defer(session, run, after_s=engine.settings.heartbeat_s)
        return
    await measure(session, run, work.stage, seconds, result)
    await finish(session, run, work.stage, result)


async def _begin(engine: Engine, run_id: uuid.UUID, stage: str, job: int) -> _Work | None:
    async with engine.sessions.begin() as session:
        ours = await still_ours(session, job)
        run = await lock_run(session, run_id)
        if not ours or STAGE_OF.get(run.status) != stage:
            logger.info("run %s is %s and has moved on: nothing is left to do for stage %s", run_id, run.status, stage)
            return None
        await acting(session, run.approved_by or run.created_by, run.id)
        if run.stage_attempts >= engine.settings.stage_attempts:
            await give_up(session, run, stage)
            run.launch = None
            return None
        nothing_begun = run.stage_attempts == 0
        run.attempt += 1
        run.stage_attempts += 1
        run.recorded = 0
        await _close_steps(session, run)
        carried = await outcome.carried_by(session, run)
        # What still runs elsewhere has to be stopped there first.
        cancelled = run.cancel_requested_by is not None and run.launch is None
        if cancelled and (stage == "plan" or (stage == "apply" and nothing_begun)):
            await planned.cancel_before_apply(session, run, carried)
            return None
        if cancelled:
            run.stage_attempts = 0
            await finish(session, run, stage, outcome.Result(error=outcome.CANCELLED, cancelled=True))
            return None
        for member in (run, *carried):
            await _enter(session, member, stage)
        if run.target is RunTarget.TERMINATE and stage == "plan" and not outcome.subscription_of(run).touched:
            await outcome.terminate(session, run)
            return None
        call = call_of(run, stage, carried, engine.settings.timeout_s(stage))
        launch = run.launch or f"{run.id} {stage} {run.attempt}"
        if engine.launcher.outlives_worker:
            run.launch = launch
        return _Work(run.id, stage, run.attempt, call, launch, run.subscription_id, run.cancel_requested_by is not None)


async def _enter(session: AsyncSession, run: Run, stage: str) -> None:
    """What a stage's beginning says of a run and of its subscription."""
    if stage == "plan" and run.status is not RunStatus.PLANNING:
        await set_status(session, run, RunStatus.PLANNING)
    if stage == "apply":
        if run.status is RunStatus.VERIFYING:
            await set_status(session, run, RunStatus.APPLYING)
        if run.subscription is not None:
            run.subscription.touched = True
        if run.subscription is not None and run.target is RunTarget.CREATE:
            move(run.subscription, Lifecycle.PROVISIONING)


async def _do(engine: Engine, work: _Work, stop: Stop) -> outcome.Result | None:
    if work.call is None:
        return outcome.Result(unfinished=not await sweep(engine.sessions, work.run_id))
    return await _play(engine, work, work.call, stop)


async def _play(engine: Engine, work: _Work, call: Call, stop: Stop) -> outcome.Result | None:
    secrets = known_secrets()
    if engine.settings.netbox_token:
        secrets = secrets_in({"NETBOX_TOKEN": engine.settings.netbox_token.get_secret_value()}) + secrets
    recorder = Recorder(engine.sessions, engine.lease, work.run_id, work.stage, work.attempt, secrets)
    recording = asyncio.create_task(recorder.run())
    # What cannot be recorded must not go on here.
    recording.add_done_callback(lambda task: stop.release() if task.cancelled() or task.exception() else None)
    loop = asyncio.get_running_loop()
    running = loop.run_in_executor(engine.threads, _guarded, engine, work, call, recorder, stop)
    try:
        ending = await asyncio.shield(running)
    except asyncio.CancelledError:
        stop.release()
        await asyncio.wait([running])
        await asyncio.wait([recording])
        raise
    await recording
    if isinstance(ending, Ending) and ending.killed:
        return None
    told = recorder.progress
    result = _result(engine, work.stage, ending, told)
    return replace(result, netbox_requests=told.netbox_requests, pushes_s=tuple(told.pushes_s))


def _guarded(engine: Engine, work: _Work, call: Call, recorder: Recorder, stop: Stop) -> Ending | LaunchError:
    try:
        return engine.launcher.play(call, work.launch, recorder.put, stop)
    except LaunchError as error:
        return error
    finally:
        recorder.put(None)


def _result(engine: Engine, stage: str, ending: Ending | LaunchError, progress: Progress) -> outcome.Result:
    if isinstance(ending, LaunchError):
        return outcome.Result(
            error={"title": "Playbook not started", "detail": str(ending), "host": None, "task": None}
        )
    artifacts = progress.artifacts
    if ending.ok:
        return outcome.Result(artifacts=artifacts)
    failure = progress.failure()
    patience_s = 0.0
    if ending.cancelled:
        error = outcome.CANCELLED
    elif ending.timed_out:
        seconds, setting = engine.settings.timeout_s(stage), f"TRUNKLINE_{stage.upper()}_TIMEOUT_S"
        error = {
            "title": "Time limit reached",
            "detail": f"The playbook was stopped after {seconds} s; {setting} sets the limit.",
            "host": None,
            "task": None,
        }
    elif failure is not None:
        title = "Host not reachable" if failure.unreachable else "Task failed"
        if failure.away:
            patience_s = engine.settings.patience_s(stage)
        error = {"title": title, "detail": failure.detail, "host": failure.host, "task": failure.task}
    else:
        detail = ending.detail or "\n".join(progress.last_lines) or "ansible-playbook ended without saying why"
        error = {"title": "Playbook not run", "detail": detail, "host": None, "task": None}
    return outcome.Result(artifacts=artifacts, error=error, cancelled=ending.cancelled, patience_s=patience_s)


async def _put_back(engine: Engine, work: _Work) -> None:
    """The worker is stopped in an orderly way: this beginning of the stage does not count."""
    async with engine.sessions.begin() as session:
        run = await lock_run(session, work.run_id)
        if run.attempt == work.attempt:
            run.stage_attempts -= 1


async def _close_steps(session: AsyncSession, run: Run) -> None:
    """Steps that a dead worker left running."""
    await session.execute(
        update(Step).where(Step.run_id == run.id, Step.status == "running").values(status="lost", finished_at=now())
    )
