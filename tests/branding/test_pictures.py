"""Uploaded pictures: judged by content, drawn anew, served on their own host only, and gone when replaced."""

from __future__ import annotations

import io
import os
import re
import struct
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tenants import images
from tenants.context import PUBLIC, Business, business_scope
from tenants.house.models import Branding
from tests.branding.conftest import PAGE, Save
from tests.branding.pictures import moving, picture, png, store_logo
from tests.conftest import ClientFor

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture(autouse=True)
def media(tmp_path: Path) -> Iterator[Path]:
    with override_settings(MEDIA_ROOT=tmp_path / "media"):
        yield tmp_path / "media"


def upload(content: bytes, name: str = "logo.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def body(answer: Any) -> bytes:
    return answer.content if not answer.streaming else b"".join(answer.streaming_content)


def files(media: Path) -> list[str]:
    return sorted(str(path.relative_to(media)) for path in media.rglob("*") if path.is_file())


def bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """A PNG of a few kilobytes that says it is gigabytes of pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packed = zlib.compress(bytes(100_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_logo_is_drawn_anew_and_served_on_its_own_host_only(
    save: Save, client_for: ClientFor, globex: Business, kind: str
) -> None:
    original = picture(kind, (960, 320))
    assert save(logo=upload(original, "logo.svg.exe")).status_code == 302
    served = client_for(None).get("/brand/logo")
    assert (served.status_code, served["Content-Type"]) == (200, "image/png")
    assert served["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert served["X-Content-Type-Options"] == "nosniff"
    with Image.open(io.BytesIO(body(served))) as image:
        assert (image.format, image.size) == ("PNG", (480, 160))
    for elsewhere in (globex, PUBLIC):
        assert client_for(None, business=elsewhere).get("/brand/logo").status_code == 404
    assert client_for(None).get("/brand/logo-dark").status_code == 404
    assert client_for(None).get("/media/businesses/1/logo.png").status_code == 404


def test_nothing_that_the_file_said_about_itself_is_kept(save: Save, client_for: ClientFor) -> None:
    words = PngInfo()
    words.add_text("Author", "Ada Lovelace")
    exif = Image.Exif()
    exif[0x010E] = "at home"
    telling = (
        picture("PNG", (200, 100), pnginfo=words, exif=exif, icc_profile=b"profile") + b"<script>appended</script>"
    )
    assert save(logo=upload(telling)).status_code == 302
    content = body(client_for(None).get("/brand/logo"))
    for kept in (b"Ada", b"at home", b"iCCP", b"eXIf", b"appended"):
        assert kept not in content


def test_a_photo_that_lies_on_its_side_is_put_upright(save: Save, client_for: ClientFor) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert save(logo=upload(picture("JPEG", (100, 40), exif=exif))).status_code == 302
    with Image.open(io.BytesIO(body(client_for(None).get("/brand/logo")))) as image:
        assert image.size == (40, 100)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (SVG, "not a PNG, JPEG or WebP"),
        (b"not a picture", "not a PNG, JPEG or WebP"),
        (picture("GIF"), "not a PNG, JPEG or WebP"),
        (picture("BMP"), "not a PNG, JPEG or WebP"),
        (picture("PNG")[:60], "damaged"),
        (picture("JPEG")[:-400], "damaged"),
        (png() + b"\0" * 600_000, "larger than 512 KB"),
        (picture("PNG", (3000, 10)), "larger than 2000 pixels"),
        (bomb(), "larger than 2000 pixels"),
        (bomb(1999, 1999), "damaged"),
        (moving("PNG"), "moves"),
        (moving("WEBP"), "moves"),
        (b"", "not a PNG, JPEG or WebP"),
    ],
    ids=[
        "svg", "text", "gif", "bmp", "cut-png", "cut-jpeg", "heavy", "wide", "bomb", "lying", "apng", "webp", "empty"
    ],
)  # fmt: skip
def test_anything_but_a_small_still_picture_is_refused_in_words(content: bytes, words: str) -> None:
    for draw in (images.logo_from, images.icons_from):
        with pytest.raises(images.PictureRefused, match=words):
            draw(io.BytesIO(content), len(content))


@pytest.mark.parametrize("field", ["logo", "logo_dark", "icon"])
def test_a_refused_picture_changes_nothing_and_says_why(save: Save, acme: Business, media: Path, field: str) -> None:
    answer = save(**{field: upload(SVG, "logo.svg")}, product_name="Changed")
    assert answer.status_code == 200
    assert "not a PNG, JPEG or WebP" in answer.content.decode()
    with business_scope(acme):
        row = Branding.objects.get(pk=1)
        assert (bool(row.logo), row.product_name) == (False, "Acme Cloud")
    assert files(media) == []


def test_a_text_chunk_that_unpacks_without_end_is_refused() -> None:
    words = PngInfo()
    words.add_text("bomb", "x" * 30_000_000, zip=True)
    content = picture("PNG", (100, 100), pnginfo=words)
    assert len(content) < images.MAX_BYTES
    with pytest.raises(images.PictureRefused):
        images.logo_from(io.BytesIO(content), len(content))


def test_an_icon_is_made_in_every_size(save: Save, client_for: ClientFor, globex: Business, media: Path) -> None:
    assert save(icon=upload(picture("PNG", (300, 200), "#ff0000"))).status_code == 302
    for size in images.ICON_SIZES:
        served = client_for(None).get(f"/brand/icon-{size}.png")
        with Image.open(io.BytesIO(body(served))) as image:
            assert image.size == (size, size)
            assert image.convert("RGBA").getpixel((size // 2, size // 2)) == (255, 0, 0, 255)
            # Bars above and below: transparent, but white where a phone would paint them black.
            assert image.convert("RGBA").getpixel((1, 1))[3] == (255 if size == 180 else 0)  # type: ignore[index]
    theirs = body(client_for(None, business=globex).get("/brand/icon-32.png"))
    assert theirs != body(client_for(None).get("/brand/icon-32.png"))
    assert client_for(None).get("/brand/icon-64.png").status_code == 404


def test_without_an_icon_one_is_drawn_in_the_businesss_colour(save: Save, client_for: ClientFor) -> None:
    save(colour="#be123c")
    with Image.open(io.BytesIO(body(client_for(None).get("/brand/icon-512.png")))) as image:
        assert image.convert("RGB").getpixel((256, 20)) == (0xBE, 0x12, 0x3C)


def test_a_small_icon_is_refused(save: Save) -> None:
    assert "smaller than 180 pixels" in save(icon=upload(picture("PNG", (64, 64)))).content.decode()


def test_files_lie_in_the_businesss_folder_under_names_of_ours(save: Save, acme: Business, media: Path) -> None:
    save(logo=upload(png(), "../../etc/passwd.png"), icon=upload(picture()))
    assert all(
        re.fullmatch(rf"businesses/{acme.id}/(logo|icon)-[0-9a-f]{{16}}[.0-9]*\.png", name) for name in files(media)
    )
    assert len(files(media)) == 1 + 1 + len(images.ICON_SIZES)


def test_the_former_files_go_with_the_change(save: Save, acme: Business, media: Path) -> None:
    save(logo=upload(png()), icon=upload(picture()))
    before = files(media)
    save(logo=upload(picture("WEBP")), icon=upload(picture("JPEG")))
    assert len(files(media)) == len(before)
    assert set(files(media)).isdisjoint(before)
    save(**{"logo-clear": "on", "icon-clear": "on"})
    assert files(media) == []


def test_the_page_shows_what_is_stored_also_beside_a_mistake(save: Save, admin: Client) -> None:
    save(logo=upload(png()), logo_dark=upload(png()), icon=upload(picture()))
    wrong = save(logo=upload(png(), "some-other.png"), colour="red")
    for page in (admin.get(PAGE), wrong):
        assert page.status_code == 200
        for address in ("/brand/logo?", "/brand/logo-dark?", "/brand/icon-512.png?"):
            assert address in page.content.decode()


def test_a_form_with_another_mistake_leaves_no_file(save: Save, media: Path) -> None:
    assert save(logo=upload(png()), colour="red").status_code == 200
    assert files(media) == []


def test_a_full_disk_is_said_in_words_and_keeps_the_present_logo(
    save: Save, acme: Business, client_for: ClientFor, media: Path
) -> None:
    """A real file system of 64 KB, filled to the brim; without the right to mount one, a limit on the file's size."""
    save(logo=upload(png()))
    kept = body(client_for(None).get("/brand/logo"))
    with no_room(media):
        answer = save(logo=upload(noisy()), product_name="Changed")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "disk of this installation is full" in text
    assert "The present one stays" in text
    assert body(client_for(None).get("/brand/logo")) == kept
    with business_scope(acme):
        assert Branding.objects.get(pk=1).product_name == "Acme Cloud"
    assert len(files(media)) == 1


def test_a_folder_that_is_in_the_way_is_said_in_words(save: Save, media: Path, acme: Business) -> None:
    (media / "businesses").mkdir(parents=True)
    (media / "businesses" / str(acme.id)).write_text("not a folder")
    answer = save(logo=upload(png()))
    assert "can not write it" in answer.content.decode()


def test_a_lost_file_costs_the_logo_not_the_page(save: Save, client_for: ClientFor, media: Path) -> None:
    save(logo=upload(png()), icon=upload(picture()))
    for name in files(media):
        (media / name).unlink()
    assert client_for(None).get("/brand/logo").status_code == 404
    assert client_for(None).get("/brand/icon-32.png").status_code == 200
    assert client_for(None).get("/sign-in/").status_code == 200


def test_each_logo_has_its_own_address(committed_db: None, acme: Business) -> None:
    store_logo(acme, png())
    store_logo(acme, png(), kind="logo_dark")
    with business_scope(acme):
        row = Branding.objects.get(pk=1)
    assert re.fullmatch(r"/brand/logo\?[0-9a-f]{16}", row.logo.url)
    assert re.fullmatch(r"/brand/logo-dark\?[0-9a-f]{16}", row.logo_dark.url)


def test_a_stranger_saves_no_logo_here(
    committed_db: None, client_for: ClientFor, member: Any, globex: Business, media: Path
) -> None:
    stranger = client_for(member("admin", business=globex))
    ours = client_for(None)
    ours.cookies["session"] = stranger.cookies["session"].value
    assert ours.post(PAGE, {"logo": upload(png())}).status_code == 302
    assert files(media) == []


def noisy() -> bytes:
    """A picture that does not pack well: more than the small disk has room for."""
    file = io.BytesIO()
    Image.frombytes("RGB", (400, 130), os.urandom(400 * 130 * 3)).save(file, "PNG")
    return file.getvalue()


class no_room:  # noqa: N801 - reads as a statement
    """Inside, the disk is full: a small real file system over `media`, with what was there before."""

    def __init__(self, media: Path) -> None:
        self._media = media

    def __enter__(self) -> None:
        self._before = {path: path.read_bytes() for path in self._media.rglob("*") if path.is_file()}
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(self._media)], capture_output=True, check=False
        )
        self._is_mounted = mounted.returncode == 0
        if not self._is_mounted:
            import resource

            self._limits = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, self._limits[1]))
            return
        for path, content in self._before.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def __exit__(self, *_: object) -> None:
        if self._is_mounted:
            subprocess.run(["umount", str(self._media)], check=True)
        else:
            import resource

            resource.setrlimit(resource.RLIMIT_FSIZE, self._limits)
