"""NetBox behind gunicorn, serving its own static files and letting one user in."""

import os

from netbox.wsgi import application as netbox

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.db import connections, transaction
from django.urls import get_resolver
from users.models import Token, User
from whitenoise import WhiteNoise


def ensure_access() -> None:
    """Give the user `admin` the password and the v2 token of this start; both were made for it and die with it."""
    key, secret = os.environ["NETBOX_TOKEN"].removeprefix("nbt_").split(".")
    with transaction.atomic():
        user, _created = User.objects.get_or_create(
            username="admin", defaults={"is_superuser": True, "is_active": True}
        )
        user.set_password(os.environ["NETBOX_PASSWORD"])
        user.save()
        user.tokens.all().delete()
        Token(user=user, key=key, token=secret, description="trunkline").save()
    connections.close_all()  # gunicorn forks next: a connection must not be shared


def _with_static_files() -> WhiteNoise:
    """NetBox leaves /static to a web server in front of it and wants `collectstatic` first (12 s); this needs neither."""
    site = WhiteNoise(netbox, autorefresh=True)
    for finder in get_finders():
        for storage in finder.storages.values():
            site.add_files(storage.location, prefix=os.path.join(settings.STATIC_URL, getattr(storage, "prefix", None) or ""))
    return site


get_resolver().url_patterns  # noqa: B018 - imports every view before gunicorn forks, not in each worker
application = _with_static_files()
