"""Faults: what can be broken on purpose. One fault, one small file below `kinds`."""

from mockserver.faults.registry import FAULTS, FaultKind, SettingKind, list_faults

__all__ = ["FAULTS", "FaultKind", "SettingKind", "list_faults"]
