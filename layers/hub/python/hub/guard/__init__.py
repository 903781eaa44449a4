"""The one door to released data: a user's SQL becomes permitted SQL, or an error with its line and column."""

from hub.guard.door import Door
from hub.guard.parameters import Parameter, Value, infer, read
from hub.guard.permit import Permitted, Projection, permit, projections

__all__ = ["Door", "Parameter", "Permitted", "Projection", "Value", "infer", "permit", "projections", "read"]
