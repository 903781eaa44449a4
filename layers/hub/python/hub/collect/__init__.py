"""What sources send by themselves: proven, checked, and kept in S3 before it is answered."""

from hub.collect.desk import Collector

__all__ = ["Collector"]
