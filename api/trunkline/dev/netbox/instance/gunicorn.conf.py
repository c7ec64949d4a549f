"""Settings of gunicorn for the embedded NetBox (https://docs.gunicorn.org/en/stable/settings.html)."""

import gc
import os

wsgi_app = "wsgi:application"
pythonpath = os.path.dirname(__file__)
bind = f"127.0.0.1:{os.environ['NETBOX_PORT']}"
workers = 2
threads = 4
timeout = 120
preload_app = True
worker_tmp_dir = "/dev/shm"  # noqa: S108
control_socket_disable = True

_request_log = os.environ.get("NETBOX_REQUEST_LOG")


def pre_request(worker, req):
    """Before a request is answered, so that who has the answer finds it noted: the access log would come too late."""
    if _request_log:
        with open(_request_log, "a") as log:
            log.write(f"{req.method} {req.path}\n")


def when_ready(server):
    """After the application is loaded, before the workers fork."""
    from wsgi import ensure_access

    ensure_access()
    # NetBox's million of long-lived objects is not looked at again by each full collection (0.6 s of a request's time),
    # and stays shared between the workers (https://docs.python.org/3/library/gc.html#gc.freeze).
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)  # a request makes some ten thousand objects that die with it
