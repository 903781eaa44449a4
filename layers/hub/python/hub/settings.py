"""What each function is told by its environment. The only reader of os.environ under functions/ and layers/."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Json, ValidationError

from hub.access.limits import Limits
from hub.errors import SettingsError

_placeholders = False


@contextmanager
def placeholders() -> Iterator[None]:
    """Missing settings read as "placeholder": for tools that import a handler only to read its routes."""
    global _placeholders
    _placeholders = True
    try:
        yield
    finally:
        _placeholders = False


def hand_on(name: str, value: str) -> None:
    """A variable for a library that can be told in no other way."""
    os.environ[name] = value


class Settings(BaseModel):
    """Base of a function's settings: the field `control_table` is the variable CONTROL_TABLE."""

    model_config = ConfigDict(frozen=True)

    stage: str
    hub_home: Path = Path("/opt/hub")

    @classmethod
    def read(cls) -> Self:
        """The settings from the environment; SettingsError names each variable that is missing or wrong."""
        given = {name: os.environ[name.upper()] for name in cls.model_fields if name.upper() in os.environ}
        if _placeholders:
            given = {name: "placeholder" for name, field in cls.model_fields.items() if field.is_required()} | given
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            wrong = ", ".join(sorted(str(problem["loc"][0]).upper() for problem in error.errors()))
            raise SettingsError(f"{cls.__name__} needs these environment variables: {wrong}") from error


class MachineClient(BaseModel):
    """A client of hub.yaml, by the id that the user pool gave it."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str


class ApiSettings(Settings):
    """What every function behind the API needs to know its callers."""

    access_table: str
    user_pool_client_id: str
    machine_clients: Json[tuple[MachineClient, ...]] = ()
    quotas: Json[Limits] = Limits()


class AuditSettings(Settings):
    audit_bucket: str


class SessionSettings(ApiSettings):
    user_pool_id: str
    session_key_id: str
    public_url: str


class UsersSettings(ApiSettings):
    user_pool_id: str


class PullSettings(Settings):
    control_table: str
    vault_bucket: str
    event_bus: str
    token_key_parameter: str
    hub_key_id: str | None = None


class SecretSettings(Settings):
    """Under which key a source's secret is written back."""

    hub_key_id: str


class CollectSettings(Settings):
    arrivals_table: str
    vault_bucket: str
    recent_function: str


class RecentSettings(Settings):
    vault_bucket: str
    profiles_table: str
    token_key_parameter: str


class SourcesSettings(ApiSettings):
    control_table: str
    pull_queue_url: str


class QuarantineSettings(SourcesSettings):
    vault_bucket: str


class UploadsSettings(SourcesSettings):
    vault_bucket: str


class ConsoleSettings(Settings):
    """upload_origin: where the links of uploads lead; pages may send nothing anywhere else."""

    upload_origin: str


class QualitySettings(ApiSettings):
    control_table: str
    vault_bucket: str


class ListsSettings(ApiSettings):
    control_table: str
    vault_bucket: str
    merge_function: str


class MergeSettings(Settings):
    control_table: str
    vault_bucket: str


class SweepSettings(Settings):
    control_table: str
    vault_bucket: str
    campaigns_table: str
    pull_queue_url: str
    send_queue_url: str
    freeze_function: str
    run_machine_arn: str


class PlanSettings(Settings):
    control_table: str
    consent_table: str
    vault_bucket: str
    reporting_bucket: str


class StatementSettings(Settings):
    control_table: str
    vault_bucket: str
    transform_workgroup: str


class ReleaseSettings(Settings):
    control_table: str
    transform_workgroup: str
    event_bus: str


class ProfileSettings(Settings):
    control_table: str
    profiles_table: str
    vault_bucket: str
    transform_workgroup: str
    token_key_parameter: str


class RunsSettings(ApiSettings):
    control_table: str
    run_machine_arn: str


class CustomersSettings(ApiSettings):
    profiles_table: str
    token_key_parameter: str


class GroupsSettings(CustomersSettings):
    library_table: str


class StewardshipSettings(CustomersSettings):
    control_table: str


class ReportsSettings(ApiSettings):
    control_table: str
    library_table: str
    reports_workgroup: str


class SegmentsSettings(Settings):
    """What the library of segments and templates needs; its API asks for the caller's settings itself."""

    library_table: str


class SilosSettings(SegmentsSettings):
    control_table: str
    campaigns_table: str


class CampaignsSettings(SegmentsSettings):
    control_table: str
    campaigns_table: str
    freeze_function: str


class FreezeSettings(SegmentsSettings):
    control_table: str
    campaigns_table: str
    consent_table: str
    vault_bucket: str
    transform_workgroup: str
    send_queue_url: str
    token_key_parameter: str


class ContactsSettings(Settings):
    consent_table: str
    token_key_parameter: str


class SendSettings(Settings):
    campaigns_table: str
    consent_table: str
    vault_bucket: str
    send_queue_url: str
    link_key_parameter: str
    public_url: str
    configuration_set: str


class CaptureSettings(ContactsSettings):
    profiles_table: str


class VerificationsSettings(CaptureSettings):
    link_key_parameter: str
    public_url: str
    configuration_set: str
    vault_bucket: str


class EvidenceSettings(Settings):
    consent_table: str
    vault_bucket: str


class LinksSettings(Settings):
    consent_table: str
    link_key_parameter: str


class MailEventsSettings(Settings):
    campaigns_table: str
    consent_table: str
    token_key_parameter: str
