"""Secrets in `secrets.json` under a Karat home; satisfies `karat.ports.secrets.SecretStore`.

1. The key comes from a key file, which lies outside the home so that no copy of the home holds it, and which is made
   with the first secret; or from a passphrase, which is nowhere.
2. Every change reads, changes and replaces the file under a lock, so two commands at once lose nothing.
3. A new key is written before the secrets are sealed with it. The earlier ones stay behind it in the key file: backups
   that were made before, and other homes, open with them; what is sealed now does not.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from karat.core.errors import InputError, NeedsOperator
from karat.keys.document import Document, Lock, damaged, empty, read_document, write_document
from karat.keys.files import read_keys, write_keys
from karat.keys.sealing import KEY_BYTES, SALT_BYTES, SCRYPT_COST, NotOpenedError, stretched
from karat.keys.signing import is_signed, signature
from karat.ports.secrets import Secret, SecretMark

FILE_NAME = "secrets.json"
CHARACTERS_MIN, CHARACTERS_MAX = 8, 16_384
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class KeySource:
    """Where keys come from. `passphrase(new)` asks for the one that is in use, or for a new one."""

    key_file: Path
    passphrase: Callable[[bool], str]


class FolderSecrets:
    """`told` hears every value before it is revealed; `now_ms` is the time that a secret is marked with."""

    def __init__(self, home: Path, source: KeySource, told: Callable[[str], None], now_ms: Callable[[], int]) -> None:
        self._home, self._source, self._told, self._now_ms = home, source, told, now_ms
        self._path = home / FILE_NAME
        self._stretched: dict[Lock, bytes] = {}

    def marks(self) -> tuple[SecretMark, ...]:
        document = read_document(self._path)
        return () if document is None else document.marks()

    def get(self, name: str) -> Secret:
        document = read_document(self._path)
        if document is None or name not in document.sealed:
            raise _unknown(name)
        try:
            return Secret(document.value(self._key(document), name), self._told)
        except NotOpenedError as error:
            raise damaged(self._path) from error

    def put(self, name: str, value: str, *, by_passphrase: bool = False) -> None:
        """Set or replace one. The first secret decides whether a key file or a passphrase locks them."""
        check_name(name)
        check_value(value)
        with self._alone():
            document = read_document(self._path)
            if document is None:
                key, document = self._begin(by_passphrase=by_passphrase)
            else:
                key = self._key(document)
            write_document(self._path, document.having(key, name, value, self._now_ms()))

    def remove(self, name: str) -> None:
        with self._alone():
            document = read_document(self._path)
            if document is None or name not in document.sealed:
                raise _unknown(name)
            write_document(self._path, document.without(name))

    def rekey(self, *, by_passphrase: bool) -> int:
        """All of them under a new key, in a key file or by a new passphrase. Returns how many there are."""
        with self._alone():
            document = read_document(self._path)
            if document is None:
                raise InputError("no_secrets", "There is no secret yet.", "Set one: karat secrets set NAME.")
            key = self._key(document)
            lock, new_key = self._new_lock(by_passphrase=by_passphrase)
            try:
                changed = document.under(key, new_key, lock)
            except NotOpenedError as error:
                raise damaged(self._path) from error
            if not by_passphrase:
                earlier = read_keys(self._source.key_file) if self._source.key_file.exists() else []
                write_keys(self._source.key_file, [new_key, *earlier])
            write_document(self._path, changed)
            return len(changed.sealed)

    def sign(self, about: str, content: bytes) -> str:
        """A signature under the key of the secrets; the key file is made where there is no key yet."""
        with self._alone():
            if read_document(self._path) is None and not self._source.key_file.exists():
                write_keys(self._outside(), [os.urandom(KEY_BYTES)])
            return signature(self._signing_keys()[0], about, content)

    def is_signed(self, about: str, content: bytes, told: str) -> bool:
        """Whether `told` was made by `sign`, under a key that is kept still. Raises what `get` raises."""
        if read_document(self._path) is None and not self._source.key_file.exists():
            return False
        return is_signed(self._signing_keys(), about, content, told)

    def _signing_keys(self) -> list[bytes]:
        """The one in use first."""
        document = read_document(self._path)
        if document is None:
            return read_keys(self._outside())
        own = self._key(document)
        return [own] if document.lock.by_passphrase else [own, *read_keys(self._outside())]

    def _begin(self, *, by_passphrase: bool) -> tuple[bytes, Document]:
        """A key and no secrets. A key file that is there already is used: another home's, or an earlier one."""
        if not by_passphrase and self._source.key_file.exists():
            lock, key = Lock(), read_keys(self._outside())[0]
        else:
            lock, key = self._new_lock(by_passphrase=by_passphrase)
            if not by_passphrase:
                write_keys(self._source.key_file, [key])
        return key, empty(key, lock)

    def _new_lock(self, *, by_passphrase: bool) -> tuple[Lock, bytes]:
        if not by_passphrase:
            self._outside()
            return Lock(), os.urandom(KEY_BYTES)
        lock = Lock(os.urandom(SALT_BYTES), SCRYPT_COST)
        key = self._stretched[lock] = stretched(self._source.passphrase(True), lock.salt, lock.cost)
        return lock, key

    def _key(self, document: Document) -> bytes:
        """The key that fits. Raises NeedsOperator `wrong_key`."""
        lock = document.lock
        if not lock.by_passphrase:
            key = next((key for key in read_keys(self._outside()) if document.fits(key)), None)
            if key is None:
                message = f"The key in {self._source.key_file} does not open {self._path}."
                raise NeedsOperator("wrong_key", message, "Name the right one: KARAT_SECRET_KEY_FILE.")
            return key
        if lock not in self._stretched:
            key = stretched(self._source.passphrase(False), lock.salt, lock.cost)
            if not document.fits(key):
                raise NeedsOperator("wrong_key", f"This passphrase does not open {self._path}.", "Give the right one.")
            self._stretched[lock] = key
        return self._stretched[lock]

    def _outside(self) -> Path:
        """The place of the key file. Raises InputError `key_in_home`: a copy of the home must not hold it."""
        path = self._source.key_file
        if path.resolve().is_relative_to(self._home.resolve()):
            message = f"The key file {path} would lie in the folder that it protects."
            raise InputError("key_in_home", message, "Set KARAT_SECRET_KEY_FILE to a place outside KARAT_HOME.")
        return path

    @contextmanager
    def _alone(self) -> Generator[None]:
        self._home.mkdir(parents=True, exist_ok=True)
        with (self._home / "secrets.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def check_name(name: str) -> None:
    """Raises InputError `bad_secret_name`, which does not repeat it: a value is easily given in its place."""
    if not _NAME.fullmatch(name):
        hint = "Use letters, digits and _ . - (64 at most), for example KARAT_COINGLASS_KEY."
        raise InputError("bad_secret_name", "That is no name of a secret.", hint)


def check_value(value: str) -> None:
    """Raises InputError `bad_secret`."""
    if not CHARACTERS_MIN <= len(value) <= CHARACTERS_MAX or "\0" in value:
        message = f"A secret has {CHARACTERS_MIN} to {CHARACTERS_MAX} characters."
        raise InputError("bad_secret", message, "What is shorter could not be kept out of logs.")


def _unknown(name: str) -> InputError:
    check_name(name)
    return InputError("unknown_secret", f"There is no secret '{name}'.", "karat secrets list names them.")
