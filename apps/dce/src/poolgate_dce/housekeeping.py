"""What happens to leases and accounts without anybody's call: reviews, and resets if wished."""

import logging
import threading

from poolgate_dce import accounts, leasing
from poolgate_dce.methods import Office

_log = logging.getLogger("poolgate_dce")


def keep_house(office: Office, *, auto_reset: bool) -> None:
    """End the leases that must end and, with `auto_reset`, make their accounts Ready again."""
    now = office.now()
    with office.database.writing() as transaction:
        for lease in leasing.review(transaction, office.limits, now):
            _log.info("lease_ended id=%s reason=%s", lease.id, lease.status_reason)
        if auto_reset:
            for account_id in accounts.reset(transaction, now):
                _log.info("account_reset id=%s", account_id)


class Housekeeper:
    """Keeps house again and again in a thread of its own, until stopped."""

    def __init__(self, office: Office, *, every_seconds: int, auto_reset: bool) -> None:
        self._office = office
        self._every_seconds = every_seconds
        self._auto_reset = auto_reset
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="housekeeping", daemon=True)

    def start(self) -> None:
        """Keep house now and from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Finish a round that runs and begin no other."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                keep_house(self._office, auto_reset=self._auto_reset)
            except Exception:  # noqa: BLE001  one failed round must not end all later ones
                _log.exception("housekeeping_failed")
            if self._stopped.wait(self._every_seconds):
                return
