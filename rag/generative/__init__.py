"""Prose by a chat model over the extractive answer, shown only as far as it is verified."""

from rag.generative.chat_model import build_chat_model
from rag.generative.engine import GenerativeEngine
from rag.generative.writer import ChatWriter

__all__ = ["ChatWriter", "GenerativeEngine", "build_chat_model"]
