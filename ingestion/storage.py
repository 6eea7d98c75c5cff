"""Folders to read from: local ones, and object storage through fsspec."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from ingestion.errors import SiteError, SourceUnavailable
from ingestion.settings import Settings
from ingestion.source import Source, resolve

# pyarrow's S3 client behind fsspec's interface. s3fs would need versions of
# botocore that the rest of the lock excludes; its last free one is of 2020.
S3 = ("s3", "s3a")


@dataclass(frozen=True)
class Look:
    """A file as it stood at one look: enough to tell whether it changed."""

    path: str
    name: str
    size_bytes: int
    modified: str
    age_seconds: float


class Storage:
    """The files of an inbox source, listed and opened, never changed."""

    def __init__(self, settings: Settings, source: Source) -> None:
        self.settings = settings
        self.source = source
        location = source.resolved_location(settings)
        self.is_remote = "://" in location and not location.startswith("file://")
        if self.is_remote:
            self.system, self.root = _remote(settings, source, location)
            self.shown = location.rstrip("/")
        else:
            from fsspec.implementations.local import LocalFileSystem

            self.system = LocalFileSystem()
            path = Path(location.removeprefix("file://"))
            self.root = (settings.site / path).as_posix()
            self.shown = ""

    @property
    def is_one_file(self) -> bool:
        info = self._info(self.root)
        return info is not None and info["type"] == "file"

    def looks(self) -> list[Look]:
        """Files that the pattern fits, by path; hidden ones are left out.

        SiteError for a folder or bucket that is not there; SourceUnavailable
        for storage that does not answer, which must not look like an empty one.
        """
        inbox = self.source.inbox
        root = self._info(self.root)
        if root and root["type"] == "file":
            return [self._look(root)]
        if root is None and not self._may_be_empty():
            raise SiteError(
                f"Source {self.source.code}: there is no file or folder "
                f"{self.shown or self.root}.",
                "correct `location`; it is relative to the site's folder.",
            )
        depth = None if inbox and inbox.recursive else 1
        found: dict[str, dict] = {}
        if root:
            with self._faults():
                found = self.system.find(
                    self.root, maxdepth=depth, detail=True, on_error="raise"
                )
        pattern = inbox.pattern if inbox else "*"
        looks = [self._look(info) for info in found.values()]
        return sorted(
            (
                look
                for look in looks
                if not any(p.startswith(".") for p in PurePosixPath(look.name).parts)
                and fnmatchcase(PurePosixPath(look.name).name, pattern)
            ),
            key=lambda look: look.path,
        )

    def again(self, look: Look) -> Look | None:
        """The same file now, or None when it has gone."""
        self.system.invalidate_cache()
        info = self._info(look.path)
        return self._look(info) if info else None

    def exists(self, path: str) -> bool:
        return self._info(path) is not None

    def _info(self, path: str) -> dict | None:
        try:
            with self._faults():
                return self.system.info(path)
        except FileNotFoundError:
            return None

    def _may_be_empty(self) -> bool:
        """In a bucket, a folder exists only while something is in it."""
        return self.is_remote and self._info(self.root.partition("/")[0]) is not None

    def refusal(self, look: Look) -> str:
        """Why a name in a local folder is not read, or empty.

        Whoever may write there must not be able to send us any file that we can
        read, nor let us wait at a pipe.
        """
        if self.is_remote:
            return ""
        path = Path(look.path)
        if not path.resolve().is_relative_to(Path(self.root).resolve()):
            return "it is a link that leads out of the folder"
        return "" if path.is_file() else "it is no file"

    @contextmanager
    def open(self, look: Look) -> Iterator:
        with self._faults(), self.system.open(look.path, "rb") as handle:
            yield handle

    def address(self, look: Look) -> str:
        """What a manifest calls the file."""
        if self.is_remote:
            return f"{self.shown}/{look.name}" if look.name else self.shown
        path = Path(look.path)
        inside = path.is_relative_to(self.settings.site)
        return (path.relative_to(self.settings.site) if inside else path).as_posix()

    def _look(self, info: dict) -> Look:
        moment = info.get("mtime") or info.get("LastModified") or info.get("created")
        if isinstance(moment, (int, float)):
            moment = datetime.fromtimestamp(moment, UTC)
        age = (datetime.now(UTC) - moment).total_seconds() if moment else 0.0
        path = str(info["name"])
        name = PurePosixPath(path).relative_to(self.root).as_posix()
        return Look(
            path=path,
            name="" if name == "." else name,
            size_bytes=int(info["size"] or 0),
            modified=_stamp(moment),
            age_seconds=age,
        )

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Object storage that does not answer is a source that does not."""
        try:
            yield
        except FileNotFoundError:
            raise
        except PermissionError as error:
            raise SiteError(
                f"Source {self.source.code}: no permission to read "
                f"{error.filename or self.shown}.",
                "give this user the right to read there.",
            ) from error
        except OSError as error:
            if not self.is_remote:
                raise
            raise SourceUnavailable(
                f"Source {self.source.code}: the storage at {self.shown} does not "
                f"answer as it should ({str(error).splitlines()[0][:200]}).",
                "check endpoint, bucket, key and secret of `inbox.storage`.",
            ) from error


def _stamp(moment: datetime | None) -> str:
    if moment is None:
        return ""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _remote(settings: Settings, source: Source, location: str):
    import fsspec

    parts = urlsplit(location)
    given = source.inbox.storage if source.inbox else {}
    options = {k: resolve(v, settings, source.code) for k, v in given.items()}
    root = f"{parts.netloc}{parts.path}".rstrip("/")
    if parts.scheme in S3:
        return _s3(source, options), root
    try:
        return fsspec.filesystem(parts.scheme, **options), root
    except (ValueError, ImportError, TypeError) as error:
        raise SiteError(
            f"Source {source.code}: {parts.scheme}:// cannot be opened: {error}.",
            "use a local folder or s3://, or install the package that fsspec names.",
        ) from error


def _s3(source: Source, options: dict[str, str]):
    from fsspec.implementations.arrow import ArrowFSWrapper
    from pyarrow.fs import S3FileSystem

    known = {"endpoint", "region", "key", "secret", "token"}
    if options.keys() - known:
        raise SiteError(
            f"Source {source.code}: inbox.storage does not know "
            f"{', '.join(sorted(options.keys() - known))}.",
            f"it knows: {', '.join(sorted(known))}.",
        )
    endpoint = urlsplit(options.get("endpoint", ""))
    limits = source.limits
    given = {
        "access_key": options.get("key"),
        "secret_key": options.get("secret"),
        "session_token": options.get("token"),
        "region": options.get("region"),
        "endpoint_override": endpoint.netloc or None,
        "scheme": endpoint.scheme or None,
        "connect_timeout": limits.connect_seconds,
        "request_timeout": limits.timeout_seconds,
    }
    return ArrowFSWrapper(
        S3FileSystem(**{k: v for k, v in given.items() if v is not None})
    )
