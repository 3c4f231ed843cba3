"""Settings: every figure and address that differs between installations, read once at start.

This is the only reader of the environment (`GUERDON_<NAME>`). Each setting has bounds and a
sentence; mistakes are reported all at once, because an operator should mend a deployment once and
not once a restart. Settings are built by the command line and handed on: no module holds one.

A setting is a field of a group (`servers`, `surface`, `work`); this is where they come together.

What a program may decide for itself (rules, windows, limits by member) is not here but in the
program's YAML.
"""

from guerdon.settings.group import Group
from guerdon.settings.prefix import PREFIX
from guerdon.settings.reading import Settings, SettingsInvalid
from guerdon.settings.servers import TokenIssuer

__all__ = ["PREFIX", "Group", "Settings", "SettingsInvalid", "TokenIssuer"]
