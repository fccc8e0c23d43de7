"""HTML that escapes by itself: text becomes safe when it enters a tag, and only tags come out."""

from __future__ import annotations

from html import escape

_VOID = frozenset({"meta", "link", "br"})


class Markup(str):
    """Text that is HTML already. Only `tag`, `join` and the page's own resources make it."""

    __slots__ = ()


Content = str | Markup | None


def tag(name: str, /, *children: Content, **attributes: str | bool | None) -> Markup:
    """`<name ...>children</name>`. Children that are not Markup are escaped; None is left out.

    Attribute names lose a closing underscore and take hyphens for the others: `class_`, `aria_label`. True stands
    alone, None and False are left out.
    """
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{join(*children)}</{name}>")


def join(*children: Content) -> Markup:
    """Children one after the other, escaped where they are not Markup."""
    return Markup("".join(safe(child) for child in children if child is not None))


def safe(text: str) -> Markup:
    """`text` escaped, or as it is when it is Markup."""
    return text if isinstance(text, Markup) else Markup(escape(text))


def _attribute(key: str, value: str | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(value)}"'
