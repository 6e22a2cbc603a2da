"""Mail that no person wrote: which kind it is, by which signs (RFC 3834, 2369, 3464, 5965)."""

from collections.abc import Callable, Collection

from maildesk.mail.message import Automatic, InboundMail


def never(_address: str) -> bool:
    """Say that no address is ours."""
    return False


def classify(
    mail: InboundMail,
    reverse_path: str,
    *,
    has_envelope: bool = False,
    is_own: Callable[[str], bool] = never,
    own_lists: Collection[str] = (),
    loop_id: str = "",
) -> Automatic:
    """Say whether a person wrote the mail, by which signs, and whether it may be answered.

    `has_envelope` is true where the transport saw an SMTP envelope: only then is an empty
    `reverse_path` the null sender; elsewhere (IMAP, a pipe without --from) the Return-Path
    field tells.
    """
    del mail, reverse_path, has_envelope, is_own, own_lists, loop_id
    return Automatic()
