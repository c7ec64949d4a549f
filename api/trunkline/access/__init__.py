"""Who may do what: roles and scopes, tokens, sessions of browsers, OpenID Connect."""

from trunkline.access.caller import Caller
from trunkline.access.roles import Role, Scope, parse_scopes

__all__ = ["Caller", "Role", "Scope", "parse_scopes"]
