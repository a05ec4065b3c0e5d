"""What a process keeps between transactions, each value with the edition it was made of. Not here: the editions."""

import threading
from collections import OrderedDict
from typing import Any, Final


class Kept:
    """Values by key, each good for one edition of what it was made of; the ones not asked for longest go first.

    An edition is read in the transaction that asks, under row security: who may not see the tenant has none to show.
    """

    def __init__(self, most: int) -> None:
        self._most: Final = most
        self._values: OrderedDict[Any, tuple[int, Any, int]] = OrderedDict()
        self._weight = 0
        self._lock = threading.Lock()

    def get(self, key: Any, edition: int) -> Any:
        """The value of this very edition, or None. It is shared: nobody may change it."""
        with self._lock:
            found = self._values.get(key)
            if found is None or found[0] != edition:
                return None
            self._values.move_to_end(key)
            return found[1]

    def put(self, key: Any, edition: int, value: Any, weight: int) -> None:
        """Keep a value in the place of an earlier edition's; one that is heavier than all together is not kept."""
        with self._lock:
            if key in self._values:
                self._weight -= self._values.pop(key)[2]
            if weight > self._most:
                return
            self._values[key] = (edition, value, weight)
            self._weight += weight
            while self._weight > self._most:
                self._weight -= self._values.popitem(last=False)[1][2]

    def forget(self) -> None:
        """Everything goes: the server may be another one, or the same one restored, which counts its editions anew."""
        with self._lock:
            self._values.clear()
            self._weight = 0
