"""What a process keeps between transactions, each value with what it was made of. Not here: whether it still holds."""

import threading
from collections import OrderedDict
from typing import Any, Final


class Kept:
    """Values by key, up to a weight in all; the ones not asked for longest go first.

    Who asks finds out in the database, under row security, whether a value still holds: by the edition of what it was
    made of, or by the rows that it was made of where these never change. Who may not see the tenant finds nothing.
    """

    def __init__(self, most: int) -> None:
        self._most: Final = most
        self._values: OrderedDict[Any, tuple[Any, int]] = OrderedDict()
        self._weight = 0
        self._lock = threading.Lock()

    def get(self, key: Any) -> Any:
        """The value, or None. It is shared: nobody may change it."""
        with self._lock:
            found = self._values.get(key)
            if found is None:
                return None
            self._values.move_to_end(key)
            return found[0]

    def put(self, key: Any, value: Any, weight: int) -> None:
        """Keep a value in the place of an earlier one; one that is heavier than all together is not kept."""
        with self._lock:
            if key in self._values:
                self._weight -= self._values.pop(key)[1]
            if weight > self._most:
                return
            self._values[key] = (value, weight)
            self._weight += weight
            while self._weight > self._most:
                self._weight -= self._values.popitem(last=False)[1][1]

    def forget(self) -> None:
        """Everything goes: the server may be another one, or the same one restored, which counts its editions anew."""
        with self._lock:
            self._values.clear()
            self._weight = 0
