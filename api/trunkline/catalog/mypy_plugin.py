"""Teaches mypy what `From` and `at_stage` make of a block; used by the linters only.

`From["provisioning", int]` is `int | None`, and in `at_stage(NodeBlock, "provisioning")` it is `int`.
"""

from collections.abc import Callable

from mypy.nodes import MDEF, AssignmentStmt, Block, ClassDef, NameExpr, SymbolTable, SymbolTableNode, TypeInfo, Var
from mypy.plugin import AnalyzeTypeContext, ClassDefContext, FunctionContext, Plugin
from mypy.typeops import make_simplified_union
from mypy.types import (
    CallableType,
    Instance,
    LiteralType,
    NoneType,
    Type,
    TypeType,
    UnboundType,
    UnionType,
    get_proper_type,
)

_FROM = "trunkline.catalog.block.From"
_BLOCK = "trunkline.catalog.block.Block"
_AT_STAGE = "trunkline.catalog.block.at_stage"
_STAGES = ["initial", "provisioning", "active"]
_ARGUMENTS = 2  # stage and type
_KEY = "trunkline"


def _from(context: AnalyzeTypeContext) -> Type:
    if len(context.type.args) != _ARGUMENTS:
        context.api.fail('From takes a stage and a type: From["provisioning", int]', context.context)
        return NoneType()
    return UnionType([context.api.analyze_type(context.type.args[1]), NoneType()])


def _note_stages(context: ClassDefContext) -> None:
    """Keep, in what mypy caches of the class, from which stage each of its own fields is there."""
    stages = {}
    for statement in context.cls.defs.body:
        if not isinstance(statement, AssignmentStmt) or not isinstance(statement.unanalyzed_type, UnboundType):
            continue
        written, name = statement.unanalyzed_type, statement.lvalues[0]
        if written.name.rpartition(".")[2] == "From" and len(written.args) == _ARGUMENTS and isinstance(name, NameExpr):
            stage = written.args[0]
            stages[name.name] = stage.name if isinstance(stage, UnboundType) else ""
    context.cls.info.metadata[_KEY] = stages


def _at_stage(context: FunctionContext) -> Type:
    given, stage = (get_proper_type(types[0]) if types else None for types in context.arg_types[:2])
    info = given.type_object() if isinstance(given, CallableType) and given.is_type_obj() else None
    value = stage.last_known_value if isinstance(stage, Instance) else stage
    # A class made here is not in any module's cache, so nothing outside a function may be of its type.
    inside = getattr(getattr(context.api, "scope", None), "current_function", lambda: None)() is not None
    if info is None or not isinstance(value, LiteralType) or value.value not in _STAGES or not inside:
        return context.default_return_type
    return TypeType(_derived(info, str(value.value)))


def _derived(info: TypeInfo, stage: str) -> Instance:
    """The block as a subclass in which what is there from `stage` on, or earlier, is not None."""
    reached = _STAGES[: _STAGES.index(stage) + 1]
    definition = ClassDef(f"{info.name}{stage.title()}", Block([]))
    definition.fullname = f"{info.fullname}{stage.title()}"
    derived = TypeInfo(SymbolTable(), definition, info.module_name)
    definition.info = derived
    derived.bases = [Instance(info, [])]
    derived.mro = [derived, *info.mro]
    derived.metaclass_type = info.metaclass_type
    for base in reversed(info.mro):
        stages = base.metadata.get(_KEY, {})
        for name, symbol in base.names.items():
            if not isinstance(symbol.node, Var) or symbol.node.type is None:
                continue
            before = symbol.node.type
            after = _nested(_not_none(before) if stages.get(name) in reached else before, stage)
            if after is not before:
                variable = Var(name, after)
                variable.info = derived
                derived.names[name] = SymbolTableNode(MDEF, variable)
    return Instance(derived, [])


def _not_none(given: Type) -> Type:
    found = get_proper_type(given)
    if not isinstance(found, UnionType):
        return given
    return make_simplified_union([item for item in found.items if not isinstance(get_proper_type(item), NoneType)])


def _nested(given: Type, stage: str) -> Type:
    """The type with each block in it, alone, optional or in a list, at the stage."""
    found = get_proper_type(given)
    if isinstance(found, UnionType):
        items = [_nested(item, stage) for item in found.items]
        return UnionType(items) if any(new is not old for new, old in zip(items, found.items, strict=True)) else given
    if not isinstance(found, Instance):
        return given
    if found.type.fullname == "builtins.list":
        inner = _nested(found.args[0], stage)
        return found.copy_modified(args=[inner]) if inner is not found.args[0] else given
    return _derived(found.type, stage) if found.type.has_base(_BLOCK) and found.type.fullname != _BLOCK else given


class CatalogPlugin(Plugin):
    """Hooks the two names, and every class."""

    def get_type_analyze_hook(self, fullname: str) -> Callable[[AnalyzeTypeContext], Type] | None:
        """Called by mypy for every name that it meets in an annotation."""
        return _from if fullname == _FROM else None

    def get_customize_class_mro_hook(self, fullname: str) -> Callable[[ClassDefContext], None] | None:
        """Called by mypy for every class, once its bases are known."""
        found = self.lookup_fully_qualified(fullname)
        node = found.node if found else None
        return _note_stages if isinstance(node, TypeInfo) and node.has_base(_BLOCK) else None

    def get_function_hook(self, fullname: str) -> Callable[[FunctionContext], Type] | None:
        """Called by mypy for every call of a function."""
        return _at_stage if fullname == _AT_STAGE else None


def plugin(_version: str) -> type[Plugin]:
    """Entry point that mypy looks for."""
    return CatalogPlugin
