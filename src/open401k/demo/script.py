"""What goes wrong, when, and how it is set right: the mistakes of Acme's provider in 2026. Not here: playing it."""

from dataclasses import dataclass

from .files import NO_MISTAKES, Mistakes


@dataclass(frozen=True, slots=True)
class Scene:
    """One pay date with something to tell: the file as first sent, and as sent again (None: it was read after all)."""

    told: str
    first: Mistakes
    corrected: Mistakes | None = NO_MISTAKES


_RENAMED = {"Gross Pay": "Total Gross"}

#: Pay date number (0 is January 2) to what happens. From June 19 on the provider keeps its new heading.
SCENES: dict[int, Scene] = {
    0: Scene("a provider's headings seen for the first time", NO_MISTAKES, None),
    4: Scene(
        "a new hire without a hire date",
        Mistakes(cells={("219-11-1012", "Hire Date"): ""}),
    ),
    6: Scene(
        "a wrong digit in a social security number",
        Mistakes(cells={("219-11-1008", "Employee SSN"): "219-11-1088"}),
    ),
    8: Scene("a row sent twice", Mistakes(repeated=("219-11-1005",))),
    10: Scene(
        "a negative amount",
        Mistakes(cells={("219-11-1007", "401k Deferral"): "-88.00"}),
    ),
    12: Scene("a changed column heading", Mistakes(headings=_RENAMED), None),
    14: Scene(
        "a deferral of somebody who is not a participant yet",
        Mistakes(headings=_RENAMED, cells={("219-11-1012", "401k Deferral"): "51.00"}),
        None,
    ),
}


def mistakes_of(period: int) -> tuple[Mistakes, Mistakes | None]:
    """The first file of a pay date and the corrected one, if it takes one."""
    scene = SCENES.get(period)
    if scene is not None:
        return scene.first, scene.corrected
    return (Mistakes(headings=_RENAMED) if period > 12 else NO_MISTAKES), None
