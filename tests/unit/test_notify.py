"""Notifications: what is told, to whom it may be told, and how it is signed and sealed."""

import base64
import hashlib
import hmac
import ipaddress
import uuid
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from trunkline.db.models import Happening, JsonObject, Run, RunStatus, RunTarget
from trunkline.notify.guard import is_public
from trunkline.notify.outbox import happening, message
from trunkline.notify.seal import Seal, SealError
from trunkline.notify.sender import MOST_ATTEMPTS, wait_s
from trunkline.notify.signature import headers_of, new_secret
from trunkline.notify.text import subject_and_text

_NOTHING: JsonObject = {"netbox": [], "devices": {}}
_SOMETHING: JsonObject = {
    "netbox": [{"op": "update", "type": "dcim.device", "name": "ams-pe"}],
    "devices": {"ams-pe": "+x"},
}


@pytest.mark.parametrize(
    ("target", "status", "more", "expected"),
    [
        (RunTarget.CREATE, RunStatus.COMPLETED, {}, Happening.COMPLETED),
        (RunTarget.CREATE, RunStatus.COMPLETED, {"plan_only": True}, None),
        (RunTarget.CREATE, RunStatus.APPLYING, {}, None),
        (RunTarget.CREATE, RunStatus.CANCELLED, {}, None),
        (RunTarget.MODIFY, RunStatus.FAILED, {}, Happening.FAILED),
        (RunTarget.MODIFY, RunStatus.ROLLED_BACK, {}, Happening.FAILED),
        (RunTarget.MODIFY, RunStatus.HELD, {}, Happening.FAILED),
        (RunTarget.MODIFY, RunStatus.FAILED, {"plan_only": True}, None),
        (RunTarget.TERMINATE, RunStatus.AWAITING_APPROVAL, {}, Happening.APPROVAL_NEEDED),
        (RunTarget.VALIDATE, RunStatus.COMPLETED, {"plan": _SOMETHING}, Happening.DRIFT),
        (RunTarget.VALIDATE, RunStatus.COMPLETED, {"plan": _NOTHING}, None),
        (RunTarget.VALIDATE, RunStatus.FAILED, {}, Happening.FAILED),
        (RunTarget.TASK, RunStatus.COMPLETED, {"plan_only": True}, Happening.COMPLETED),
        (RunTarget.BATCH, RunStatus.COMPLETED, {}, None),
        (RunTarget.BATCH, RunStatus.AWAITING_APPROVAL, {}, Happening.APPROVAL_NEEDED),
        (RunTarget.CREATE, RunStatus.AWAITING_APPROVAL, {"carried": True}, None),
    ],
)
def test_only_news_is_told_and_told_once(
    target: RunTarget, status: RunStatus, more: dict[str, object], expected: Happening | None
) -> None:
    values = {"plan_only": False, "carried": False, "plan": None} | more
    assert happening(Run(target=target, **values), status) is expected


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("fd00::1", False),
        ("fe80::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.215.14", True),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("2002:7f00:1::1", False),
    ],
)
def test_an_address_of_ones_own_network_is_not_public_however_it_is_written(address: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is public


def test_the_signature_is_that_of_standard_webhooks() -> None:
    # The example of https://github.com/standard-webhooks/standard-webhooks.
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    headers = headers_of(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    plain = headers_of("a secret of the receiver's", "m", 1, b"{}")["webhook-signature"]
    digest = hmac.new(b"a secret of the receiver's", b"m.1.{}", hashlib.sha256).digest()
    assert plain == f"v1,{base64.b64encode(digest).decode()}"
    assert len(base64.b64decode(new_secret().removeprefix("whsec_"))) == 32


def test_what_is_sealed_opens_with_its_key_alone_and_keys_can_be_changed() -> None:
    old, new = "o" * 32, "n" * 32
    sealed = Seal(SecretStr(old)).close({"url": "https://hooks.example.net/T0P", "secret": "s3cret"})
    assert "hooks" not in sealed
    assert Seal(SecretStr(f"{new}, {old}")).open(sealed)["secret"] == "s3cret"
    with pytest.raises(SealError, match="add the former key behind it"):
        Seal(SecretStr(new)).open(sealed)
    with pytest.raises(SealError, match="TRUNKLINE_SECRET_KEY is not set"):
        Seal(None).close({})
    with pytest.raises(SealError, match="TRUNKLINE_SECRET_KEY is not set"):
        Seal(None).open(sealed)


def test_attempts_become_rarer_and_end_after_hours() -> None:
    waits = [wait_s(number, 10) for number in range(1, MOST_ATTEMPTS)]
    assert waits[:3] == [10, 20, 40]
    assert max(waits) == 3600
    assert 3 * 3600 < sum(waits) < 6 * 3600


def test_a_mail_says_what_happened_and_where_to_look() -> None:
    run = {"id": str(uuid.UUID(int=1)), "target": "validate", "status": "completed", "title": "Node ams-pe at ams"}
    data = {
        "run": run | {"created_by": "noc"},
        "error": None,
        "differs": {"netbox": ["update dcim.device ams-pe"], "devices": ["ams-pe"]},
    }
    payload = message(Happening.DRIFT, datetime.now(UTC), data)
    subject, text = subject_and_text(payload, "https://orders.example.net/")
    assert subject == "[Trunkline] Node ams-pe at ams: is not as ordered"
    assert "update dcim.device ams-pe" in text
    assert "configuration of ams-pe" in text
    assert text.endswith(f"https://orders.example.net/api/v1/runs/{run['id']}\n")
    failed = {"run": run | {"created_by": "noc"}, "error": {"title": "Task failed", "detail": "refused"}}
    assert "Task failed: refused" in subject_and_text(message(Happening.FAILED, datetime.now(UTC), failed), None)[1]
    assert "messages arrive" in subject_and_text(message(Happening.TEST, datetime.now(UTC), {}), None)[1]
