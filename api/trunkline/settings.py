"""The settings of the service: environment variables, each documented once, here."""

import ipaddress
import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SecretsSettingsSource, SettingsConfigDict

_SECRETS = "/run/secrets"
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 (files there get names nobody can guess, mode 0700)


class SettingsError(Exception):
    """A setting is missing or wrong; the text names the variable and the remedy."""


def checkout() -> Path:
    """The checkout that this package lies in, else the working directory."""
    for candidate in (Path(__file__).resolve().parents[2], Path.cwd()):
        if (candidate / "migrations").is_dir():
            return candidate
    return Path.cwd()


def secrets_folder() -> Path:
    """Where files with secrets are, which need not exist."""
    return Path(os.environ.get("TRUNKLINE_SECRETS_DIR", _SECRETS))


def _default_runtime_dir() -> Path:
    """A directory in memory: what a run writes there must not outlive the machine."""
    named = os.environ.get("XDG_RUNTIME_DIR")
    if named and os.access(named, os.W_OK):
        return Path(named)
    if os.access(_SHARED_MEMORY, os.W_OK):
        return _SHARED_MEMORY
    raise ValueError("no writable tmpfs: set TRUNKLINE_RUNTIME_DIR to a directory that only this user can read")


def _psycopg_url(value: str) -> str:
    scheme, separator, rest = value.partition("://")
    if separator and scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        return f"postgresql+psycopg://{rest}"
    raise ValueError("must begin with postgresql:// (PostgreSQL is the only database)")


def _networks(value: str) -> str:
    for part in filter(None, map(str.strip, value.split(","))):
        ipaddress.ip_network(part)
    return value


class Settings(BaseSettings):
    """Read from the environment; `TRUNKLINE_` stands before each name unless an alias says otherwise.

    What the environment does not say is read from files in TRUNKLINE_SECRETS_DIR (/run/secrets), named like the
    variables in lower case.
    """

    model_config = SettingsConfigDict(env_prefix="TRUNKLINE_", populate_by_name=True, extra="ignore")

    database_url: Annotated[str, AfterValidator(_psycopg_url)] = Field(
        repr=False, description="postgresql://user:password@host/database"
    )
    host: str = Field("127.0.0.1", description="Address that `trunkline serve` listens on")
    port: int = Field(8080, ge=1, le=65535, description="Port that `trunkline serve` listens on")
    project_dir: Path = Field(
        default_factory=checkout,
        description="Checkout with playbooks/, collections/, migrations/ and ansible.cfg; playbooks run there",
    )
    playbooks_dir: Path | None = Field(None, description="Playbooks of the workflows; PROJECT_DIR/playbooks when unset")
    runtime_dir: Path = Field(
        default_factory=_default_runtime_dir,
        description="Directory in memory for the files of a running playbook (XDG_RUNTIME_DIR or /dev/shm)",
    )
    worker_in_api: bool = Field(True, description="Run a worker inside the API process")
    worker_concurrency: int = Field(2, ge=1, description="Playbooks that one worker runs at a time")
    total_concurrency: int | None = Field(
        None, ge=1, description="Playbooks that all workers together run at a time; give it to each of them"
    )
    heartbeat_s: float = Field(2, gt=0, description="Seconds between two heartbeats of a worker")
    stalled_after_s: float = Field(
        20,
        gt=0,
        description="Seconds without a heartbeat after which a worker's runs are taken over; after half of them it has "
        "ended its playbooks itself. The same for all workers, and at least six heartbeats",
    )
    drain_s: float = Field(
        20, ge=0, description="Seconds a stopping worker waits for its playbooks before it stops them"
    )
    plan_timeout_s: int = Field(300, ge=1, description="Seconds that the playbook of a plan may take")
    apply_timeout_s: int = Field(900, ge=1, description="Seconds that the playbook which applies and verifies may take")
    rollback_timeout_s: int = Field(900, ge=1, description="Seconds that the playbook of a rollback may take")
    plan_patience_s: float = Field(
        60, ge=0, description="Seconds for which a plan is begun again while NetBox or a device does not answer"
    )
    requests_per_minute: int = Field(
        6000, ge=0, description="Requests that one caller may send to all processes in a minute; 0: any number"
    )
    failures_per_minute: int = Field(
        300, ge=0, description="Requests without a valid token or session that one address may send; 0: any number"
    )
    four_eyes: bool = Field(False, description="Who ordered a run may not approve it")
    session_hours: float = Field(12, gt=0, le=720, description="Hours after which a browser must log in again")
    rollback_patience_s: float = Field(
        600, ge=0, description="Seconds for which a rollback is begun again while NetBox or a device does not answer"
    )
    batch_size: int = Field(50, ge=1, le=500, description="Orders of one batch that one run carries out together")
    stage_attempts: int = Field(4, ge=1, description="Times that a stage is begun before its run is given up as failed")

    launcher: Literal["local", "awx"] = Field(
        "local", description="Who runs the playbooks: this machine, or AWX as job templates (docs/awx.md)"
    )
    awx_url: str | None = Field(None, description="AWX's address, without /api; needed when LAUNCHER is awx")
    awx_token: SecretStr | None = Field(
        None, description="OAuth2 token of an AWX user who may execute the job templates and create labels"
    )
    awx_ca: Path | None = Field(
        None, description="CA bundle that signed AWX's certificate, where the system's store does not know it"
    )
    awx_organization: str = Field("Trunkline", description="AWX's organization that holds the job templates")
    awx_poll_s: float = Field(1, gt=0, description="Seconds between two looks at a job of AWX")
    awx_patience_s: float = Field(
        300, ge=0, description="Seconds that AWX may not answer before a stage that needs it is given up as failed"
    )

    secret_key: SecretStr | None = Field(
        None,
        min_length=32,
        description="Seals the secrets of webhooks in the database; several with commas: the first seals, all open",
    )
    webhook_allow: Annotated[str, AfterValidator(_networks)] = Field(
        "", description="Networks (10.0.0.0/8,fd00::/8) that webhooks may go to beside public addresses, over http, too"
    )
    notify_retry_s: float = Field(
        10, gt=0, description="Seconds until a notification that failed is sent again; doubled each time, up to an hour"
    )
    smtp_host: str | None = Field(None, description="Mail server for notifications by e-mail")
    smtp_port: int = Field(587, ge=1, le=65535, description="Port of SMTP_HOST")
    smtp_tls: Literal["starttls", "tls", "none"] = Field("starttls", description="How SMTP_HOST is talked to")
    smtp_user: str | None = Field(None, description="Who logs in at SMTP_HOST; nobody when unset")
    smtp_password: SecretStr | None = Field(None, description="Password of SMTP_USER")
    smtp_from: str = Field("trunkline@localhost", pattern=r"^[^@\s]+@[^@\s]+$", description="Sender of e-mails")

    log_format: Literal["text", "json"] = Field("text", description="Form of the log on standard error")
    traces: bool = Field(
        False, description="Send OpenTelemetry traces; needs the extra `otel`, OTEL_EXPORTER_OTLP_ENDPOINT says whereto"
    )

    public_url: str | None = Field(
        None, description="Address at which browsers reach the service; the request's own when unset"
    )
    oidc_issuer: str | None = Field(None, description="OpenID provider, as it calls itself (docs/access.md)")
    oidc_client_id: str | None = Field(None, description="This service's name at the provider")
    oidc_client_secret: SecretStr | None = Field(None, description="Its secret there; unset for a public client")
    oidc_audience: str | None = Field(
        None, description="Audience of the provider's tokens that open the API as bearer tokens; none do when unset"
    )
    oidc_name_claim: str = Field("preferred_username", description="Claim that names the person; else sub")
    oidc_roles_claim: str = Field("groups", description="Claim with groups or roles; realm_access.roles is a path")
    oidc_scopes: dict[str, list[str]] = Field(
        {}, description='What groups may do, as JSON: {"noc": ["operator"], "uni": ["viewer:customer=uni"]}'
    )

    netbox_url: str | None = Field(
        None, validation_alias="NETBOX_URL", description="NetBox that the playbooks document in"
    )
    netbox_token: SecretStr | None = Field(None, validation_alias="NETBOX_TOKEN", description="Token for NETBOX_URL")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (not read)
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (it wants the folder to be there)
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment, then files named like the variables, as Docker and Kubernetes hand secrets over."""
        folder = secrets_folder()
        secrets = (SecretsSettingsSource(settings_cls, secrets_dir=folder),) if folder.is_dir() else ()
        return init_settings, env_settings, *secrets

    def timeout_s(self, stage: str) -> int:
        """Seconds that the playbook of a stage (plan, apply or rollback) may take."""
        return {"plan": self.plan_timeout_s, "apply": self.apply_timeout_s, "rollback": self.rollback_timeout_s}[stage]

    def patience_s(self, stage: str) -> float:
        """Seconds for which a stage is begun again while NetBox or a device does not answer."""
        return {"plan": self.plan_patience_s, "rollback": self.rollback_patience_s}.get(stage, 0)

    @property
    def lease_s(self) -> float:
        """Seconds after which a worker whose heartbeat the database does not take has to have ended its playbooks."""
        return self.stalled_after_s / 2

    @property
    def playbooks(self) -> Path:
        """Absolute directory of the workflows' playbooks."""
        return (self.playbooks_dir or self.project_dir / "playbooks").resolve()

    @property
    def migrations(self) -> Path:
        """Absolute directory of the Alembic migrations."""
        return (self.project_dir / "migrations").resolve()

    @property
    def libpq_url(self) -> str:
        """The database URL as libpq (and so psycopg and procrastinate) reads it."""
        return self.database_url.replace("postgresql+psycopg://", "postgresql://", 1)


@lru_cache
def get_settings() -> Settings:
    """The settings of this process. Raises SettingsError with every wrong variable by name."""
    try:
        settings = Settings()
    except ValidationError as error:
        raise SettingsError(_explain(error)) from None
    if settings.stalled_after_s < 6 * settings.heartbeat_s:
        # Half of it is the worker's own time: two heartbeats that come late on a busy machine must not cost its runs.
        raise SettingsError(
            f"TRUNKLINE_STALLED_AFTER_S={settings.stalled_after_s:g} is too short: give at least six times "
            f"TRUNKLINE_HEARTBEAT_S={settings.heartbeat_s:g}"
        )
    if settings.launcher == "awx" and not (settings.awx_url and settings.awx_token):
        raise SettingsError("TRUNKLINE_LAUNCHER is awx: set TRUNKLINE_AWX_URL and TRUNKLINE_AWX_TOKEN as well")
    if settings.oidc_issuer:
        _must_do_for_oidc(settings)
    return settings


def _must_do_for_oidc(settings: Settings) -> None:
    from trunkline.access.roles import parse_scopes  # noqa: PLC0415 (most do without it)

    if not (settings.oidc_client_id and settings.oidc_scopes):
        raise SettingsError(
            "TRUNKLINE_OIDC_ISSUER is set: set TRUNKLINE_OIDC_CLIENT_ID and TRUNKLINE_OIDC_SCOPES as well"
        )
    try:
        for scopes in settings.oidc_scopes.values():
            parse_scopes(scopes)
    except ValueError as error:
        raise SettingsError(f"TRUNKLINE_OIDC_SCOPES: {error}") from None


def _explain(error: ValidationError) -> str:
    lines = []
    for item in error.errors():
        name = str(item["loc"][0]) if item["loc"] else "settings"
        variable = name if name.isupper() else f"TRUNKLINE_{name.upper()}"
        if item["type"] == "missing":
            field = Settings.model_fields.get(name)
            lines.append(f"{variable} is not set: {field.description if field else 'it is required'}")
        else:
            lines.append(f"{variable}: {item['msg'].removeprefix('Value error, ')}")
    return "; ".join(lines)
