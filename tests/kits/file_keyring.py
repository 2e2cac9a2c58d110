"""A keyring in one file, for processes that tests start; named by PYTHON_KEYRING_BACKEND."""

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend


class FileKeyring(KeyringBackend):
    """Keeps everything in the file that TEST_KEYRING names."""

    priority = 1

    def _kept(self):
        path = Path(os.environ["TEST_KEYRING"])
        return json.loads(path.read_text()) if path.exists() else {}

    def _write(self, kept):
        Path(os.environ["TEST_KEYRING"]).write_text(json.dumps(kept))

    def get_password(self, service, username):
        return self._kept().get(f"{service} {username}")

    def set_password(self, service, username, password):
        self._write({**self._kept(), f"{service} {username}": password})

    def delete_password(self, service, username):
        kept = self._kept()
        del kept[f"{service} {username}"]
        self._write(kept)
