"""Teaches mypy that `From["provisioning", int]` is `int | None`; used by the linters only."""

from collections.abc import Callable

from mypy.plugin import AnalyzeTypeContext, Plugin
from mypy.types import NoneType, Type, UnionType

_ARGUMENTS = 2  # stage and type


def _from(context: AnalyzeTypeContext) -> Type:
    if len(context.type.args) != _ARGUMENTS:
        context.api.fail('From takes a stage and a type: From["provisioning", int]', context.context)
        return NoneType()
    return UnionType([context.api.analyze_type(context.type.args[1]), NoneType()])


class CatalogPlugin(Plugin):
    """Hooks the one name."""

    def get_type_analyze_hook(self, fullname: str) -> Callable[[AnalyzeTypeContext], Type] | None:
        """Called by mypy for every name that it meets in an annotation."""
        return _from if fullname == "trunkline.catalog.block.From" else None


def plugin(_version: str) -> type[Plugin]:
    """Entry point that mypy looks for."""
    return CatalogPlugin
