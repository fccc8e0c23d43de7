"""Who we are to S3: the usual variables of the environment, then the usual files, then what the machine is given.

    AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION, AWS_ENDPOINT_URL_S3, ...
    ~/.aws/credentials and ~/.aws/config (or AWS_SHARED_CREDENTIALS_FILE, AWS_CONFIG_FILE), profile AWS_PROFILE

The variables are read by the client itself. Of the files only fixed keys are read; a profile that signs in or takes a
role has none, and then its keys have to come through the variables (`aws configure export-credentials`).
"""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from pathlib import Path

from karat.core.errors import InputError

_FIELDS = {
    "aws_access_key_id": "access_key_id",
    "aws_secret_access_key": "secret_access_key",
    "aws_session_token": "session_token",
    "region": "region",
    "endpoint_url": "endpoint",
}
_BY_MACHINE = (
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)
_REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
_YES = ("true", "1")


def s3_config(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    """What the client is told beyond the variables it reads itself. The values are secret.

    Raises InputError `no_credentials` when nothing names a key and the machine may not be asked, `bad_profile` when
    AWS_PROFILE is in none of the files or a file cannot be read.
    """
    config: dict[str, str] = {}
    if "AWS_ACCESS_KEY_ID" not in environment and not environment.keys() & set(_BY_MACHINE):
        config = _from_files(environment, home)
        alone = environment.get("AWS_EC2_METADATA_DISABLED", "").lower() in _YES
        unsigned = environment.get("AWS_SKIP_SIGNATURE", "").lower() in _YES
        if "access_key_id" not in config and alone and not unsigned:
            hint = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE."
            raise InputError("no_credentials", "There are no credentials for S3.", hint)
    for names, field in ((_REGIONS, "region"), (_ENDPOINTS, "endpoint")):
        said = next((environment[name] for name in names if environment.get(name)), None)
        if said is not None:
            config[field] = said
    return config


def _from_files(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    profile = environment.get("AWS_PROFILE", "default")
    files = (  # the later one wins
        (environment.get("AWS_CONFIG_FILE"), "config", profile if profile == "default" else f"profile {profile}"),
        (environment.get("AWS_SHARED_CREDENTIALS_FILE"), "credentials", profile),
    )
    found: dict[str, str] = {}
    known = False
    for named, usual, section in files:
        path = Path(named).expanduser() if named else home / ".aws" / usual
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, OSError, UnicodeDecodeError) as error:  # its words could quote a secret
            raise InputError("bad_profile", f"{path} cannot be read.", "Mend it, or set AWS_ACCESS_KEY_ID.") from error
        if parser.has_section(section):
            known = True
            found |= {
                ours: value for theirs, ours in _FIELDS.items() if (value := parser.get(section, theirs, fallback=""))
            }
    if "AWS_PROFILE" in environment and not known:
        raise InputError("bad_profile", f"There is no profile '{profile}'.", "Look into ~/.aws, or unset AWS_PROFILE.")
    return found
