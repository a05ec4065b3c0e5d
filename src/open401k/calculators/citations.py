"""The sections of law that a docstring names. Not here: what they say."""

import re

_SECTION = r"\d[\dA-Za-z.]*(?:\(\w+\))*(?:-\d+[A-Z]*)?(?:\(\w+\))*(?:-(?:\(\w+\))+)?"
_MORE = rf"(?:,? (?:and |to )?(?:(?=\d[\w.]*[(]){_SECTION}|(?:\(\w+\))+(?:-(?:\(\w+\))+)?|[MT]-\d+))*"
_CITE = re.compile(
    r"(?:(?:Temp\. |Prop\. )?(?:IRC|Reg\.|\d+ CFR|\d+ USC|Notice|Announcement|Rev\. (?:Proc|Rul)\.|ERISA) "
    rf"{_SECTION}{_MORE})|SECURE(?: Act| 2\.0)? s\. \d+"
)
_BARE = re.compile(rf"\d{{3}}(?:\(\w+\))+{_MORE}")
_ROLE = re.compile(r":\w+:`~?\.?([^`]+)`")


def cited(docstring: str) -> str:
    """The sections that a docstring names, once each, in its order; empty where it names none.

    >>> cited("The ADP test (IRC 401(k)(3)), as Reg. 1.401(k)-2(a)(1)(i) has it.")
    'IRC 401(k)(3); Reg. 1.401(k)-2(a)(1)(i)'
    """
    text = " ".join(docstring.split())
    found = [match.group(0).rstrip(".") for match in _CITE.finditer(text)]
    if not found and (bare := _BARE.search(text)):
        found = [f"IRC {bare.group(0)}"]
    return "; ".join(dict.fromkeys(found))


def plain(docstring: str) -> str:
    """A docstring without its markup and its doctests, one line a paragraph.

    >>> plain("Most of it; see :func:`other`, ``left`` out.")
    'Most of it; see other, left out.'
    """
    told = docstring.split(">>>")[0]
    paragraphs = [" ".join(part.split()) for part in told.split("\n\n")]
    return "\n".join(_ROLE.sub(r"\1", part).replace("``", "") for part in paragraphs if part)


def titled(docstring: str) -> str:
    """The first statement of a docstring, without the sections in brackets and the unit that amounts are shown in.

    >>> titled("The most one may borrow (IRC 72(p)(2)(A)); what is owed counts. More of it.")
    'The most one may borrow'
    """
    first = plain(docstring).split("\n")[0]
    bare = _without_cited_brackets(first).replace(", in cents", "")
    return re.split(r"(?<=[a-z0-9)%])[.;](?: |$)", bare, maxsplit=1)[0].strip()


def _without_cited_brackets(text: str) -> str:
    kept, depth, opened = [], 0, 0
    for place, letter in enumerate(text):
        if letter == "(" and depth == 0:
            opened = place
        depth += (letter == "(") - (letter == ")")
        if depth > 0:
            continue
        if letter == ")":
            group = text[opened : place + 1]
            kept.append("" if cited(group) else group)
        else:
            kept.append(letter)
    return re.sub(r" +(?=[ ,.;:]|$)", "", "".join(kept))
