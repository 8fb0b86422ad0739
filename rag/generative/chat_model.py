"""The chat model that the settings name. Imported only when there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rag.errors import SettingsError
from rag.settings import Settings

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

# Between two reads; the limits for a whole answer are kept in rag.generative.writer.
READ_SECONDS = 120
MAX_REPLY_TOKENS = 800


def build_chat_model(settings: Settings) -> BaseChatModel:
    """The model of BULLETIN_CHAT_MODEL, not yet contacted.

    With BULLETIN_CHAT_BASE_URL an OpenAI-compatible server, else whatever LangChain's
    `init_chat_model` knows under that name (`deepseek:deepseek-chat`), through its own package.
    Raises SettingsError when that package is missing or the name means nothing to it.
    """
    # Takes a second, and brings the OpenAI client with it.
    from langchain.chat_models import init_chat_model

    options: dict[str, Any] = {
        "temperature": 0,
        "timeout": READ_SECONDS,
        "max_retries": 0,  # retried in rag.generative.writer, within the limit of one answer
        "max_tokens": MAX_REPLY_TOKENS,
    }
    key = settings.chat_api_key.get_secret_value()
    if settings.chat_base_url:
        # Without a key of its own the client would send the user's OPENAI_API_KEY to this server.
        options |= {
            "model_provider": "openai",
            "base_url": settings.chat_base_url,
            "api_key": key or "not-needed",
            "stream_usage": True,
        }
    elif key:
        options["api_key"] = key
    try:
        model: BaseChatModel = init_chat_model(settings.chat_model, **options)
    except ImportError as error:
        raise SettingsError(
            f"对话模型 {settings.chat_model} 需要另装 LangChain 的软件包：{error.name or ''}"
        ) from error
    except ValueError as error:
        raise SettingsError(
            f"不认识对话模型 {settings.chat_model}；OpenAI 兼容的服务请同时设置 BULLETIN_CHAT_BASE_URL"
        ) from error
    return model
