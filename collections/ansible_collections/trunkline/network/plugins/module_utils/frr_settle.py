# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""What becomes of an unconfirmed push: it is confirmed, or the router returns to what it was before.

All of it under the router's file lock, which the caller holds. Each may be killed at any point and begun again: the
file of the unconfirmed push goes last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.trunkline.network.plugins.module_utils import (
    frr_device,
    frr_links_device,
    frr_lock,
    frr_unconfirmed,
)
from ansible_collections.trunkline.network.plugins.module_utils.frr_device import DeviceError
from ansible_collections.trunkline.network.plugins.module_utils.frr_stanzas import differences, replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.trunkline.network.plugins.module_utils.frr_device import Frr
    from ansible_collections.trunkline.network.plugins.module_utils.frr_unconfirmed import Unconfirmed


def unconfirmed() -> Unconfirmed | None:
    """The unconfirmed push on this router, None if there is none; DeviceError if its file is not readable."""
    try:
        return frr_unconfirmed.read()
    except ValueError as error:
        raise DeviceError(
            f"{error}; compare the stanzas that {frr_device.RECORD_FILE} names with what they should be, then remove it"
        ) from error


def settle(frr: Callable[[], Frr]) -> bool:
    """Undo an unconfirmed push whose time is over; return whether there was one. DeviceError if FRR will not."""
    push = unconfirmed()
    if push is None or frr_lock.is_held(push.owner):
        return False
    undo(frr(), push)
    frr_lock.remove_lease(push.owner)
    return True


def undo(frr: Frr, push: Unconfirmed) -> None:
    """Return to what was before the push: running and startup configuration, links, and Trunkline's records.

    Only the stanzas that the push may have touched: what others have changed meanwhile stays. DeviceError if FRR will
    not; the push then stays unconfirmed.
    """
    now = frr.snapshot()
    target = replace(now.running, push.owned, [one for one in push.before if one.lines])
    if differences(target, now.running, push.owned):
        after = frr.converge(now.running, target, now.interfaces)
        frr.forget_files()
        wrong = differences(target, after, push.owned)
        if wrong:
            raise DeviceError(
                f"the configuration from before could not be put back: {'; '.join(wrong)}; mend this by hand, then try "
                f"again (what it was stands in {frr_unconfirmed.FILE})"
            )
    if push.links is not None:
        frr_links_device.go_back(frr.run, *push.links)
    startup = frr_unconfirmed.keep(frr_device.STARTUP_FILE)
    frr_unconfirmed.put_back(
        frr_device.STARTUP_FILE, frr_unconfirmed.startup_to_return_to(startup, push.startup, push.owned)
    )
    frr_unconfirmed.put_back(frr_device.RECORD_FILE, push.record)
    frr_unconfirmed.forget()


def confirm(frr: Frr, push: Unconfirmed) -> None:
    """Make the push last: startup configuration, records. DeviceError if the router cannot keep them."""
    if differences(frr.running(), frr_device.startup(), push.owned):
        frr.save()
    frr_device.write_record(push.intended)
    if push.links is not None:
        frr_links_device.write_record(push.links[1])
    frr_unconfirmed.forget()
