"""Send an e-mail over the mail server of the settings."""

import asyncio
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import formatdate

import aiosmtplib

from trunkline.notify.webhook import DeliveryError
from trunkline.settings import Settings

TIMEOUT_S = 20.0


async def send(settings: Settings, recipients: Sequence[str], message_id: str, subject: str, text: str) -> str:
    """Deliver the message; what the mail server answered. Raises DeliveryError."""
    if not settings.smtp_host:
        raise DeliveryError("TRUNKLINE_SMTP_HOST is not set: give the workers a mail server")
    message = EmailMessage()
    message["From"] = settings.smtp_from
    message["To"] = ", ".join(recipients)
    # A line break would begin another header.
    message["Subject"] = " ".join(subject.split())
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{message_id}@{settings.smtp_from.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    password = settings.smtp_password.get_secret_value() if settings.smtp_password else None
    try:
        async with asyncio.timeout(TIMEOUT_S):
            _, answer = await aiosmtplib.send(
                message,
                hostname=settings.smtp_host,
                port=settings.smtp_port,
                username=settings.smtp_user,
                password=password,
                use_tls=settings.smtp_tls == "tls",
                start_tls=settings.smtp_tls == "starttls",
                tls_context=_tls(settings),
                timeout=TIMEOUT_S,
            )
    except TimeoutError as error:
        raise DeliveryError(f"{settings.smtp_host} did not answer within {TIMEOUT_S:.0f} s") from error
    except (aiosmtplib.SMTPException, OSError) as error:
        raise DeliveryError(f"{type(error).__name__}: {error}"[:300]) from error
    return answer[:300]


def _tls(settings: Settings) -> ssl.SSLContext | None:
    return None if settings.smtp_tls == "none" else ssl.create_default_context()
