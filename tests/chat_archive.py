"""The small archive answered by a chat model: a scripted server, or a real one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from pydantic import SecretStr

from rag.chain import BulletinChain
from rag.generative import ChatWriter, build_chat_model
from rag.generative.writer import Limits
from rag.schema import Answer
from rag.settings import Settings
from tests.archive import chain
from tests.chat_server import ChatServer, Reply, Script, chat_server

KEY = "sk-test-5f0c9a7e-never-shown"
# Short, so that what hangs is soon given up.
LIMITS = Limits(total=6.0, first=1.5, next=1.0, tries=3, pause=0.01)
REAL_SERVER = os.environ.get("BULLETIN_TEST_CHAT_BASE_URL", "")
REAL_MODEL = os.environ.get("BULLETIN_TEST_CHAT_MODEL", "bench")


def chat_chain(
    url: str,
    limits: Limits = LIMITS,
    model: str = "scripted",
    over: BulletinChain | None = None,
) -> BulletinChain:
    """The archive's chain, or another one, with a chat model at `url`."""
    plain = over or chain()
    settings = Settings(  # type: ignore[call-arg]
        data_dir=plain.settings.data_dir,
        today=plain.settings.today,
        chat_model=model,
        chat_base_url=url,
        chat_api_key=SecretStr(KEY),
    )
    writer = ChatWriter(build_chat_model(settings), limits)
    return BulletinChain(
        settings, plain.catalog, plain.store, plain.embeddings, plain.departments, writer
    )


@contextmanager
def scripted(*replies: Reply | Script | str) -> Iterator[tuple[BulletinChain, ChatServer]]:
    """The chain and the server behind it; a string is the text of a reply."""
    steps = [Reply(step) if isinstance(step, str) else step for step in replies]
    with chat_server(*steps) as server:
        yield chat_chain(server.url), server


def told(question: str, *replies: Reply | Script | str) -> Answer:
    """The answer when the model says this."""
    with scripted(*replies) as (asked, _):
        return asked.invoke(question)


def real_chain() -> BulletinChain:
    """The chain over the server of BULLETIN_TEST_CHAT_BASE_URL, with the limits of the product."""
    return chat_chain(REAL_SERVER, replace(Limits(), total=300.0, first=240.0), REAL_MODEL)
