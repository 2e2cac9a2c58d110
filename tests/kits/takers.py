"""Takers that come at the same moment."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import ClientError

TAKERS = 50
TOOK = "took"


def told(act: Callable[[], Any]) -> str:
    """Do it and return `took`, or the error's code and message."""
    try:
        act()
    except ClientError as error:
        refusal = error.response["Error"]
        return f"{refusal['Code']}: {refusal['Message']}"
    return TOOK


def at_once(act: Callable[[int], Any], takers: int = TAKERS) -> Counter[str]:
    """Let every taker act at the same moment and return how often each was told what."""
    together = threading.Barrier(takers)

    def take(number: int) -> str:
        together.wait()
        return told(lambda: act(number))

    with ThreadPoolExecutor(takers) as threads:
        return Counter(threads.map(take, range(takers)))
