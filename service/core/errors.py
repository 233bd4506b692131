"""Errors of the service. Codes are public; the HTTP status of each is decided in ``service.api`` alone."""

from __future__ import annotations

from models.errors import AttuneError


class SettingsError(AttuneError):
    """An ``ATTUNE_*`` variable holds a value that is not allowed."""

    code = "invalid-settings"


class DatabaseUnavailableError(AttuneError):
    """The database cannot be reached or the embedded server does not start."""

    code = "database-unavailable"


class DatabaseNotMigratedError(AttuneError):
    """The database's schema is not the one this version works with."""

    code = "database-not-migrated"


class UnauthenticatedError(AttuneError):
    """No API key, or one that is unknown, expired or revoked."""

    code = "unauthenticated"


class ForbiddenError(AttuneError):
    """The API key's role does not allow this."""

    code = "forbidden"


class PersonNeededError(ForbiddenError):
    """The API key is a system's, and what is done has to be somebody's."""

    code = "person-needed"


class NotFoundError(AttuneError):
    """There is no such thing."""

    code = "not-found"


class ConversationConflictError(AttuneError):
    """The id is taken by a conversation with other content."""

    code = "conversation-conflict"


class InvalidRequestError(AttuneError):
    """A parameter or field of the request is not valid."""

    code = "invalid-request"


class InvalidCursorError(AttuneError):
    """The paging cursor was not made by this service."""

    code = "invalid-cursor"


class MalformedBodyError(AttuneError):
    """The request's body cannot be read as what it claims to be."""

    code = "malformed-body"


class UnsupportedMediaTypeError(AttuneError):
    """The request's content type or encoding is none that is understood."""

    code = "unsupported-media-type"


class PlaybookConflictError(AttuneError):
    """The playbook's id and version are taken by other content."""

    code = "playbook-conflict"


class PersonConflictError(AttuneError):
    """The id is taken by another person."""

    code = "person-conflict"


class AmbiguousPlaybookError(AttuneError):
    """Two playbooks would claim the same conversations at the same time."""

    code = "ambiguous-playbook"


class RubricConflictError(AttuneError):
    """The rubric's id and version are taken by other content."""

    code = "rubric-conflict"


class AmbiguousRubricError(AttuneError):
    """Two rubrics would claim the same conversations at the same time."""

    code = "ambiguous-rubric"


class WorkConflictError(AttuneError):
    """A review task, appeal or calibration session is not in the state, or not in the hands, that this needs."""

    code = "work-conflict"


class TooManyExportsError(AttuneError):
    """As many exports are running as may at the same time."""

    code = "too-many-exports"


class TooLargeError(AttuneError):
    """The request is larger than allowed."""

    code = "too-large"
