"""The page of payroll formats, from the layouts themselves. Not here: words that the layouts lack."""

# ruff: noqa: E501 - a sentence of a page reads better in one piece

from collections.abc import Iterable

from open401k.payroll import (
    LAYOUTS,
    PARTIAL,
    RECORDS,
    Field,
    Layout,
    RecordLayout,
    feedback,
    feedback_ascensus,
    feedback_paykonnect,
)

#: Formats that are asked for and not here, with the reason.
MISSING = (
    (
        "SPARK remittance and census, information sharing",
        "The positions are published to members alone. A layout file with the positions of your copy is read and written: "
        "parts with header and trailer, separators or fixed length, counts and sums of the trailer checked "
        "([how](../howto/payroll-files.md#records)).",
    ),
    (
        "Empower and Voya fixed length, contributions",
        "The published positions end with the census part, which is read and written.",
    ),
    (
        "OneAmerica, Employee Fiduciary, contributions",
        "The published headings end before them; a file is recognized and asks once.",
    ),
)


def lead() -> tuple[str, ...]:
    """What holds for every format."""
    return (
        "# Payroll formats",
        "Written from the layouts in `src/open401k/payroll/formats/`; the round trip of each is a property test: what is written is read back as it was, "
        "as far as the layout carries it. A file of any other provider, CSV or XLSX, is read by a mapping that a person confirms once, and can be written by it too. "
        "How to turn one into another: [payroll files](../howto/payroll-files.md).",
        "CSV files are UTF-8, with or without its mark, or UTF-16 with its mark; Windows-1252 only where it is declared. Separators are commas, semicolons, tabs or "
        "vertical bars. Days are read in the one form of the layout, amounts as digits with at most two decimals; a negative amount (-, ( ), CR, a minus behind) is refused, "
        "and so is an SSN of eight digits: a lost zero is never put back silently.",
    )


def overview() -> Iterable[tuple[str, ...]]:
    """A row per format."""
    for each in LAYOUTS:
        yield each.title, f"`{each.name}`", "payrolls", "payrolls", str(each.reading.dates), _file_name(each)
    for each in PARTIAL:
        yield each.title, f"`{each.name}`", "asks once", "its published part", str(each.reading.dates), _file_name(each)
    for record in RECORDS:
        yield record.title, f"`{record.name}`", "census part", "census part", str(record.dates), "-"
    for title, name in (("Pay(k)onnect 360", "feedback_paykonnect"), ("Ascensus 360", "feedback_ascensus")):
        yield title, f"`payroll.{name}`", "instructions", "instructions", "MMDDYYYY", "-"


def layout_rows(layout: Layout) -> Iterable[tuple[str, str, str]]:
    """A row per heading that is read."""
    for heading, field in layout.fields.items():
        yield f"`{heading}`", str(field), "needed" if heading in layout.required else ""
    for field, prefix in layout.prefixes.items():
        yield f"`{prefix}CODE`", str(field), ""


def layout_words(layout: Layout) -> list[str]:
    """What the table of a layout does not say."""
    told = [
        f"- It carries no {', '.join(layout.not_carried)}."
        if layout.not_carried
        else "- It carries all that a row can say."
    ]
    if layout.without_pay_date:
        told.append("- It has no pay date: the day is said with the upload.")
    if layout.asks:
        told.append(f"- No payroll by itself. It asks for {layout.asks}.")
    if layout.most_loans == 1:
        told.append("- One loan of a person; a second one is told as lost.")
    over = [heading for heading in layout.headings if heading not in layout.fields]
    if over:
        told.append(f"- Read over: {', '.join(f'`{heading}`' for heading in over)}.")
    return told + [f"- {remark}" for remark in layout.remarks]


def record_rows(layout: RecordLayout) -> Iterable[tuple[str, str, str]]:
    """A row per position."""
    for part in layout.parts:
        for each in part.detail.positions:
            yield each.at, each.name, f"always `{each.says}`" if each.says else str(each.field or "read over")


def record_words(layout: RecordLayout) -> list[str]:
    """What the positions do not say."""
    lacking = [field for field in Field if field.is_money]
    told = [f"- The census part alone: no {', '.join(lacking)}. Not a payroll."]
    return told + [f"- {remark}" for remark in layout.remarks]


def feedback_words() -> list[str]:
    """The way back."""
    codes = ", ".join(
        f"`{code}` {source}{' catch-up' if catch_up else ''}" for (source, catch_up), code in feedback.CODES.items()
    )
    return [
        f"- Codes: {codes}, `{feedback.LOAN_CODE}` loan. Codes of 403(b) and 457(b) plans are refused.",
        "- Percent or dollars is what the file says in its own column, as numbers; two at once are refused. Each loan has a row and its number; a loan without one is refused.",
        f"- Pay(k)onnect carries no {', nor '.join(feedback_paykonnect.NOT_CARRIED)}; Ascensus no {', nor '.join(feedback_ascensus.NOT_CARRIED)}.",
    ]


def _file_name(layout: Layout) -> str:
    return f"`{layout.writing.file_name}`" if layout.writing.file_name else "-"
