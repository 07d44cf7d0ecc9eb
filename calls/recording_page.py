"""A call's recording over HTTP: `GET /calls/<id>/recording.wav`, whole or by range, as a player asks for it."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from calls import looks, recordings, wav
from calls.models import Call
from calls.recordings import Silence, Sound
from tenants.audit.models import Via
from tenants.house.policies import current_policy
from tenants.members.refs import MemberRef


def respond(request: HttpRequest, call: Call, member: MemberRef) -> HttpResponseBase:
    """To GET and HEAD. Raises `PermissionDenied` and `Http404` with the reason."""
    sound = recordings.find(call, member, current_policy())
    if isinstance(sound, Silence):
        raise PermissionDenied(sound.reason) if sound.is_refused else Http404(sound.reason)
    try:
        piece = _wanted(request, call, sound)
    except wav.NoSuchRangeError:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{sound.size}"})
    if request.method == "HEAD":
        response: HttpResponseBase = HttpResponse(content_type="audio/wav")
    else:
        looks.played(call, member, via=Via.WEB)
        response = StreamingHttpResponse(
            recordings.stream(sound, piece or wav.Piece(0, sound.size)), content_type="audio/wav"
        )
    if piece is not None:
        response.status_code = 206
        response["Content-Range"] = f"bytes {piece.start}-{piece.end - 1}/{sound.size}"
    response["Content-Length"] = str((piece or wav.Piece(0, sound.size)).size)
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = _etag(call, sound)
    response["Content-Disposition"] = f'inline; filename="call-{call.pk}.wav"'
    # Who may no longer hear it must not find it in the browser.
    response["Cache-Control"] = "private, no-store"
    return response


def _wanted(request: HttpRequest, call: Call, sound: Sound) -> wav.Piece | None:
    """A range counts only for the file the player knows (`If-Range`)."""
    known = request.headers.get("If-Range", "")
    if known and known != _etag(call, sound):
        return None
    return wav.piece_of(request.headers.get("Range", ""), sound.size)


def _etag(call: Call, sound: Sound) -> str:
    return f'"{call.pk.hex}-{sound.size}"'
