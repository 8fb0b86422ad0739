"""Whether the page is already being served at an address."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

SECONDS = 3.0


def is_our_page(host: str, port: int) -> bool:
    """Whether what answers there is this program."""
    place = f"[{host}]" if ":" in host else host
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"http://{place}:{port}/health", timeout=SECONDS) as answer:
            state = json.loads(answer.read(10_000))
    except urllib.error.HTTPError as error:  # not ready yet, and says so
        try:
            state = json.loads(error.read(10_000))
        except ValueError:
            return False
    except (OSError, ValueError):
        return False
    return isinstance(state, dict) and {"status", "version"} <= state.keys()
