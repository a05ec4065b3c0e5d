"""Charts as SVG made on the server: no script, colours from the stylesheet, always beside a table of the numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from open401k.kernel import Money
from open401k.views.plan_health import AveragePoint
from open401k.views.shown import Percent, Projection, Shown

_LEFT, _TOP, _BOTTOM = 46, 12, 30


@dataclass(frozen=True, slots=True)
class _Frame:
    """A plot area with a percentage scale that starts at nought."""

    width: int
    height: int
    top_bps: int

    def y(self, bps: int) -> float:
        """Where a percentage lies."""
        return round(_TOP + (self.height - _TOP - _BOTTOM) * (1 - bps / self.top_bps), 1)

    @property
    def floor(self) -> float:
        return self.y(0)


def averages(
    points: Sequence[AveragePoint],
    ahead: Projection | None = None,
    *,
    year_end: date | None = None,
    width: int = 640,
    name: str = "averages",
) -> Markup:
    """Both groups' average at every payroll as bars, the pass limit as a stepped line; last, the year end ahead."""
    if not points:
        return Markup("")
    last = _ahead(ahead, year_end)
    shown = [*points, last] if last else list(points)
    frame = _Frame(width, 260, _top(shown))
    slot = (width - _LEFT - 8) / len(shown)
    parts = [_grid(frame), *(_pair(frame, point, _LEFT + place * slot, slot) for place, point in enumerate(points))]
    words = _words(points)
    if last and ahead:
        parts.append(_ahead_bar(frame, ahead, _LEFT + len(points) * slot, slot))
        words += f" Projected year end: {ahead.middle}, eight of ten between {ahead.low} and {ahead.high}."
    parts.append(_limit(frame, shown, slot))
    parts.extend(_dates(frame, shown, slot))
    return _svg(frame, name, "Average deferral of both groups by payroll", words, parts)


def _number(end: Shown) -> int | None:
    """Where a figure lies on its own scale: hundredths of a percent, or cents."""
    match end:
        case Percent():
            return end.bps
        case Money():
            return end.cents
    return None


def interval(projection: Projection, *, width: int = 640, name: str = "interval") -> Markup:
    """Eight of ten simulated year ends as a band, their middle as a mark, against the limit."""
    shown = [projection.low, projection.middle, projection.high, projection.limit]
    low, middle, high, limit = (_number(each) for each in shown)
    if low is None or middle is None or high is None or limit is None:
        return Markup("")
    span = max(high, limit) - min(low, limit) or 100
    start, stop = max(0, min(low, limit) - span // 3), max(high, limit) + span // 3

    def x(bps: int) -> float:
        return round(12 + (width - 24) * (bps - start) / (stop - start), 1)

    band = Markup('<rect class="span" x="{}" y="30" width="{}" height="22" rx="4"/>')
    limits = Markup("")
    lowest, highest = _number(projection.limit_low), _number(projection.limit_high)
    if lowest is not None and highest is not None:
        left, right = x(max(start, lowest)), x(min(stop, highest))
        limits = Markup('<rect class="limitspan" x="{}" y="24" width="{}" height="34"/>').format(left, right - left)
    ends_at = f"{projection.low} to {projection.high}" if low != high else ""
    parts = [
        limits,
        Markup('<line class="rule" x1="12" x2="{}" y1="58" y2="58"/>').format(width - 12),
        band.format(x(low), max(4.0, x(high) - x(low))),
        Markup('<line class="middle" x1="{0}" x2="{0}" y1="26" y2="58"/>').format(x(middle)),
        Markup('<line class="limit" x1="{0}" x2="{0}" y1="20" y2="62"/>').format(x(limit)),
        _label(x(limit), 14, f"limit {projection.limit}", width),
        _label(x(middle), 76, f"most likely {projection.middle}", width, strong=True),
        _label((x(low) + x(high)) / 2, 92, ends_at, width),
    ]
    ends = f"Eight of ten year ends lie between {projection.low} and {projection.high}"
    if low == high:
        ends = f"The year ends at {projection.middle}"
    words = f"{ends}; the limit is {projection.limit}."
    return _svg(_Frame(width, 98, 1), name, "Projected year end against the limit", words, parts)


def _ahead(ahead: Projection | None, year_end: date | None) -> AveragePoint | None:
    if ahead is None or year_end is None:
        return None
    high, limit = ahead.high, ahead.limit
    if not (isinstance(high, Percent) and isinstance(limit, Percent)):
        return None
    return AveragePoint(year_end, high, None, limit)


def _ahead_bar(frame: _Frame, ahead: Projection, left: float, slot: float) -> Markup:
    if not (isinstance(ahead.low, Percent) and isinstance(ahead.middle, Percent) and isinstance(ahead.high, Percent)):
        return Markup("")
    wide, centre = min(24.0, slot * 0.6), left + slot / 2
    top = frame.y(ahead.middle.bps)
    bar = Markup('<rect class="ahead" x="{}" y="{}" width="{}" height="{}" rx="2"/>')
    whisker = Markup('<line class="whisker" x1="{x}" x2="{x}" y1="{}" y2="{}"/>')
    return bar.format(round(centre - wide / 2, 1), top, round(wide, 1), round(frame.floor - top, 1)) + whisker.format(
        frame.y(ahead.high.bps), frame.y(ahead.low.bps), x=round(centre, 1)
    )


def _label(x: float, y: float, text: str, width: int, *, strong: bool = False) -> Markup:
    half = len(text) * 3.6
    x = min(max(x, half + 2), width - half - 2)
    word = Markup('<text class="{}" x="{}" y="{}" text-anchor="middle">{}</text>')
    return word.format("strong" if strong else "", round(x, 1), round(y), text)


def _svg(frame: _Frame, name: str, title: str, words: str, parts: Sequence[Markup]) -> Markup:
    head = Markup('<svg viewBox="0 0 {} {}" role="img" aria-labelledby="{n}-t {n}-d"><title id="{n}-t">{}</title>')
    text = head.format(frame.width, frame.height, title, n=name)
    return text + Markup('<desc id="{}-d">{}</desc>').format(name, words) + Markup("").join(parts) + Markup("</svg>")


def _top(points: Sequence[AveragePoint]) -> int:
    highest = max((p.bps for point in points for p in (point.hce, point.nhce, point.limit) if p), default=100)
    step = next(step for step in (100, 200, 300, 500, 1_000, 2_000, 5_000, 10_000) if highest <= step * 4)
    return -(-highest // step) * step


def _grid(frame: _Frame) -> Markup:
    step = next(s for s in (100, 200, 300, 500, 1_000, 2_000, 5_000, 10_000) if frame.top_bps <= s * 4)
    line = Markup('<line class="rule" x1="{}" x2="{}" y1="{y}" y2="{y}"/><text x="0" y="{}">{}%</text>')
    return Markup("").join(
        line.format(_LEFT - 6, frame.width, round(frame.y(bps) + 4, 1), bps // 100, y=frame.y(bps))
        for bps in range(0, frame.top_bps + 1, step)
    )


def _pair(frame: _Frame, point: AveragePoint, left: float, slot: float) -> Markup:
    wide = min(22.0, slot * 0.36)
    start = left + slot / 2 - wide - 1
    bars = [(point.hce, "bar1", start), (point.nhce, "bar2", start + wide + 2)]
    rect = Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="2"/>')
    return Markup("").join(
        rect.format(kind, round(x, 1), frame.y(value.bps), round(wide, 1), round(frame.floor - frame.y(value.bps), 1))
        for value, kind, x in bars
        if value is not None
    )


def _limit(frame: _Frame, points: Sequence[AveragePoint], slot: float) -> Markup:
    steps: list[str] = []
    for place, point in enumerate(points):
        if point.limit is not None:
            x, y = _LEFT + place * slot, frame.y(point.limit.bps)
            steps.append(f"{'L' if steps else 'M'}{x:.1f} {y}L{x + slot:.1f} {y}")
    return Markup('<path class="limit" d="{}"/>').format("".join(steps)) if steps else Markup("")


def _dates(frame: _Frame, points: Sequence[AveragePoint], slot: float) -> list[Markup]:
    every = max(1, -(-44 // max(1, int(slot))))
    text = Markup('<text x="{}" y="{}" text-anchor="middle">{}</text>')
    return [
        text.format(
            round(_LEFT + (place + 0.5) * slot, 1), frame.height - 8, f"{point.pay_date:%b} {point.pay_date.day}"
        )
        for place, point in enumerate(points)
        if (len(points) - 1 - place) % every == 0
    ]


def _words(points: Sequence[AveragePoint]) -> str:
    last = points[-1]
    return (
        f"On {last.pay_date:%B} {last.pay_date.day}: highly compensated {last.hce}, "
        f"everyone else {last.nhce}, pass limit {last.limit}."
    )
