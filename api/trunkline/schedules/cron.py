"""When a schedule is due; pure functions."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

FIELDS = 5


def zone(name: str) -> ZoneInfo:
    """The time zone with this name. Raises ValueError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is no time zone: give a name such as UTC or Europe/Amsterdam") from None


def next_after(cron: str, timezone: str, moment: datetime) -> datetime:
    """The first occurrence after `moment`, in UTC.

    Where clocks are set forward or back, an hour that is not there or there twice counts once, as in Debian's cron.
    Raises ValueError for an expression that is none, or that never occurs.
    """
    where = zone(timezone)
    # cronsim takes six fields, too, the first of them seconds: nothing here is meant to start every second.
    if len(cron.split()) != FIELDS:
        raise ValueError(f"{cron!r} must have five fields: minute, hour, day, month, weekday, such as 30 2 * * *")
    try:
        return next(CronSim(cron, moment.astimezone(where))).astimezone(UTC)
    except CronSimError as error:
        raise ValueError(f"{cron!r} is no cron expression: {error}") from None
    except StopIteration:
        raise ValueError(f"{cron!r} never occurs") from None
