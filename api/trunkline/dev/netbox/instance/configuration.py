"""NetBox's configuration, read from the environment that `trunkline.dev.netbox` sets."""

import os

ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
DATABASES = {
    "default": {
        "NAME": os.environ["NETBOX_DB_NAME"],
        "USER": "postgres",
        "HOST": os.environ["NETBOX_DB_HOST"],
        "CONN_MAX_AGE": 300,
    }
}
REDIS = {
    "tasks": {"URL": f"unix://{os.environ['NETBOX_REDIS_SOCKET']}?db=0"},
    "caching": {"URL": f"unix://{os.environ['NETBOX_REDIS_SOCKET']}?db=1"},
}
SECRET_KEY = os.environ["NETBOX_SECRET_KEY"]
API_TOKEN_PEPPERS = {1: os.environ["NETBOX_SECRET_KEY"]}
ISOLATED_DEPLOYMENT = True
CENSUS_REPORTING_ENABLED = False
