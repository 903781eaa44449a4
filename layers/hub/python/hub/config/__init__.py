"""The deployment folder: an organisation's own words about its sources, read once and checked to the letter."""

from hub.config.compiled import read
from hub.config.connections import (
    Deployment,
    FilesDataSet,
    FilesSource,
    OwnDataSet,
    OwnSource,
    PushDataSet,
    PushSource,
    RestDataSet,
    RestSource,
    Source,
    SqlDataSet,
    SqlSource,
)
from hub.config.entities import ENTITIES, REFERENCES
from hub.config.load import load
from hub.config.models import Check, Client, Column, DataSet, HubConfig, Role, Rule, key_columns

__all__ = [
    "ENTITIES",
    "REFERENCES",
    "Check",
    "Client",
    "Column",
    "DataSet",
    "Deployment",
    "FilesDataSet",
    "FilesSource",
    "HubConfig",
    "OwnDataSet",
    "OwnSource",
    "PushDataSet",
    "PushSource",
    "RestDataSet",
    "RestSource",
    "Role",
    "Rule",
    "Source",
    "SqlDataSet",
    "SqlSource",
    "key_columns",
    "load",
    "read",
]
